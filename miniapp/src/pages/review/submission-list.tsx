import { View } from '@tarojs/components'
import { useGrowing } from '../../lib/growing'
import { Said } from '../../ui/appeal'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Earlier } from '../../ui/earlier'
import { Stars } from '../../ui/stars'
import { Empty, States } from '../../ui/states'
import { Pictures } from './pictures'
import type { SubmissionCase, SubmissionQueue } from './use-queues'
import { moment, whoOf } from './words'

const STEP = 2
const MOST = 200

interface ListWish {
  queue: SubmissionQueue
  onOpen: (paper: SubmissionCase) => void
  /** What stands there when nothing waits. */
  none: string
}

/** What members handed in and nobody has looked at. */
export function SubmissionList({ queue: { first, cases, ...pages }, onOpen, none }: ListWish) {
  const { shown } = useGrowing(cases, STEP, MOST)
  return (
    <States read={first}>
      {() =>
        cases.length === 0 ? (
          <Empty title="没有在等的" sub={none} />
        ) : (
          <View>
            <View className="rv-cards">
              {shown.map((paper) => (
                <PaperCard key={paper.caseRef} paper={paper} onOpen={onOpen} />
              ))}
            </View>
            <Earlier {...pages} />
          </View>
        )
      }
    </States>
  )
}

const PaperCard = ({ paper, onOpen }: { paper: SubmissionCase; onOpen: (paper: SubmissionCase) => void }) => {
  const { member, obligation, nth, text, rating, uploads, flags, appeal, submittedAt } = paper
  return (
    <View className="rv-card">
      <View className="hy-row hy-between">
        <View className="hy-grow">
          <View className="hy-bold">{obligation.title}</View>
          <View className="hy-2 hy-num">{whoOf(member)}</View>
        </View>
        {nth > 1 && <Tag>{`第 ${nth} 次提交`}</Tag>}
      </View>
      <View>{rating !== null && <Stars n={rating} />}</View>
      {text && <View className="rv-text">{text}</View>}
      <Pictures uploads={uploads} />
      <View className="rv-tags">
        {flags.map(({ flag, words }) => (
          <Tag key={flag} kind="accent">
            {words}
          </Tag>
        ))}
      </View>
      {appeal && <Said title={`${moment(appeal.askedAt)}，会员申诉`} words={appeal.words} mine />}
      <View className="rv-foot">
        <View className="hy-caption hy-3 hy-num">{`${moment(submittedAt)} 交来`}</View>
        <Button
          id={`paper-${member.memberNo.slice(-4)}-${nth}`}
          kind="secondary"
          small
          label={`处理 ${whoOf(member)} 的${obligation.title}`}
          onTap={() => onOpen(paper)}
        >
          处理
        </Button>
      </View>
    </View>
  )
}
