export { type CheckedCode, checkCode } from './check-code'
export { checkPastCode, type PastCode } from './check-past-code'
export { shownPublicKeys } from './ed25519'
