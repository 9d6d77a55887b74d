export { getVisit } from './get-visit'
export { memberRefOf, readMemberRef } from './member-ref'
