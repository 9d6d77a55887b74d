export { type ImportReport, importMembers, type Progress } from './import-members'
export type { Counts } from './take-batch'
