import { countText } from '@huiyuan/shared/money'
import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { useGrowing } from '../../lib/growing'
import { becauseWords } from '../../lib/merge-words'
import { go } from '../../lib/nav'
import { usePages } from '../../lib/pages'
import { Cell, Panel } from '../../ui/blocks'
import { Earlier } from '../../ui/earlier'
import { Empty, States } from '../../ui/states'

type Merge = RouterOutputs['merge']['list']['merges'][number]

/** As many as WeChat is glad to draw at once. */
const ROWS = 10
const STEP = 4
const MOST = 200

export function useJournal(enabled: boolean) {
  const { pages, ...rest } = usePages(
    ['merge.list'],
    (cursor) => api.merge.list.query({ limit: ROWS, ...(cursor ? { cursor } : {}) }),
    { enabled },
  )
  return { ...rest, merges: pages.flatMap(({ merges }) => merges) }
}

export type Journal = ReturnType<typeof useJournal>

export const momentWords = (iso: string) => `${dayWords(new Date(iso), new Date())} ${clockText(new Date(iso))}`

/** Every merge of the brand, the latest first; also those that came about by themselves. */
export const JournalView = ({ journal }: { journal: Journal }) => (
  <States read={journal.first}>
    {() =>
      journal.merges.length === 0 ? (
        <Empty title="还没有合并过" sub="同一个人的两张卡并成一位，会记在这里" />
      ) : (
        <Rows journal={journal} />
      )
    }
  </States>
)

function Rows({ journal: { merges, ...pages } }: { journal: Journal }) {
  const { shown } = useGrowing(merges, STEP, MOST)
  return (
    <View id="journal">
      <Panel>
        {shown.map((merge) => (
          <Row key={merge.mergeId} merge={merge} />
        ))}
      </Panel>
      <Earlier {...pages} />
    </View>
  )
}

const Row = ({ merge }: { merge: Merge }) => (
  <Cell
    id={`merge-${merge.mergeId}`}
    icon="people"
    tone={merge.undone ? 'quiet' : 'accent'}
    title={`尾号\u00a0${merge.otherNo4} 并入\u00a0${merge.survivorName ?? '未留名'}（${merge.survivorNo4}）`}
    sub={
      <View>
        <View>
          {[
            merge.undone ? '已撤销' : '',
            momentWords(merge.at),
            merge.came.points ? `${countText(merge.came.points)} 积分` : '',
          ]
            .filter(Boolean)
            .join(' · ')}
        </View>
        <View>{becauseWords(merge.because)}</View>
      </View>
    }
    onTap={() => go(`/pages/merge/merge?mergeId=${merge.mergeId}`)}
  />
)
