import type { ArticleState } from '@huiyuan/shared/article'
import { Tag } from '../../ui/blocks'

const STATES: Record<ArticleState, { words: string; kind?: 'ok' | 'brand' | 'bad' }> = {
  soon: { words: '待上线', kind: 'brand' },
  shown: { words: '已上线', kind: 'ok' },
  over: { words: '已下线' },
  withdrawn: { words: '已撤下', kind: 'bad' },
}

/** Whether readers see an article now. */
export const StateTag = ({ state }: { state: ArticleState }) => {
  const { words, kind } = STATES[state]
  return <Tag {...(kind ? { kind } : {})}>{words}</Tag>
}
