export { findVisit } from './find-visit'
export { getVisit } from './get-visit'
export { memberRefOf, readMemberRef } from './member-ref'
export { scanVisit } from './scan-visit'
