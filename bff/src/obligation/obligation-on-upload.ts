import type { Events, SqlCall } from '../ctx'

/** A picture was looked at, or taken back: the hand-in that shows it ends, or has one fewer to wait for. */
export const obligationOnUploadChecked = ({ memberId, verdict, at }: Events['upload.checked']): SqlCall[] => [
  { fn: 'obligation_on_upload', args: { memberId, verdict, at } },
]
