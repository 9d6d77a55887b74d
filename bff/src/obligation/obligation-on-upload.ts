import type { Events, SqlCall } from '../ctx'

/** A picture was looked at: the hand-in that shows it ends, or has one fewer to wait for. */
export const obligationOnUploadChecked = ({
  memberId,
  verdict,
  at,
}: Omit<Events['upload.checked'], 'uploadId'>): SqlCall[] => [
  { fn: 'obligation_on_upload', args: { memberId, verdict, at } },
]
