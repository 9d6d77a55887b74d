export { getVisit } from './get-visit'
export { readMemberRef, survivorOf } from './member-ref'
