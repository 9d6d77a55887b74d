import { ARTICLE_SECTIONS } from './export-article'
import { BENEFIT_SECTIONS } from './export-benefits'
import type { Column } from './export-columns'
import { OBLIGATION_SECTIONS } from './export-obligations'
import { PERSON_SECTIONS } from './export-person'
import { REFERRAL_SECTIONS } from './export-referral'
import { TRADE_SECTIONS } from './export-trade'

/** One table's rows of a person. */
export interface Section {
  title: string
  table: string
  /** Which rows are theirs, $1 being the record's id; `member_id = $1` unless told otherwise. */
  where?: string
  /** Columns that order the rows within the record, with their SQL types; the file is read from page to page by them. */
  key: [column: string, type: string][]
  columns: Record<string, Column>
}

/** Everything that the database holds of a person, in the order of the file. */
export const SECTIONS: Section[] = [
  ...PERSON_SECTIONS,
  ...TRADE_SECTIONS,
  ...BENEFIT_SECTIONS,
  ...OBLIGATION_SECTIONS,
  ...REFERRAL_SECTIONS,
  ...ARTICLE_SECTIONS,
]

/** Tables that name a member and are no part of the file, and why. */
export const NOT_EXPORTED: Record<string, string> = {
  adjustment_day: 'how much an operator moved on a day: the limits of a job, told by the audit',
  audit_entry: 'the record of the shop on its own work: ids and hashes in a chain, found by shop, not by person',
  device_handle: 'the keys of a phone that shows the code, and its counters; the phone itself is exported',
  offline_order: 'what a till sent of a purchase that it took without a network; the purchase is exported',
  effect: 'that something had its one effect: keys without content, each told by a transfer, a coupon or a redemption',
  kept_apart: 'ids of two records; why they are apart is exported with the undone merge',
  merge_step: 'ids by which a merge finds its way back; what it did is exported with the merge',
  sms_code: 'hashes of a phone and a code, for minutes',
}
