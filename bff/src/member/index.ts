export { findClaim, type OpenClaim, openClaim } from './claim'
export { cardProof } from './claim-by-card'
export { attachProofs, createMember, joinedSince, type NewMember } from './create-member'
export { cardHolder, cardNoOf, memberNoHolder, phoneHolder } from './find-holder'
export { displayNameOf } from './get-me'
export {
  type MergeReason,
  type MergeSummary,
  mergeCall,
  mergeMember,
  mergeTerms,
  survivingId,
} from './merge-member'
export { appid, type PhoneDoor, phoneDoor } from './phone-door'
export {
  appOfDoor,
  findHolders,
  holdersOf,
  lockProofs,
  phoneOrAnswer,
  phoneProof,
  wechatProofs,
  wechatSays,
  whoseButton,
} from './prove-identity'
export { keptApartOf, type Settled, settleProofs } from './settle-proofs'
