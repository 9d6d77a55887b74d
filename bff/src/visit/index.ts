export { getVisit } from './get-visit'
export { memberRefOf, readMemberRef, survivorOf } from './member-ref'
