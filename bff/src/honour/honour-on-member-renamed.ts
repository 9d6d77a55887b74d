import type { Events, SqlCall } from '../ctx'

/** A new name is nothing that WeChat has seen: it comes off the walls until its owner puts it there again. */
export const honourOnMemberRenamed = ({ memberId }: Events['member.renamed']): SqlCall[] => [
  { fn: 'honour_on_rename', args: { memberId } },
]
