import { View } from '@tarojs/components'
import { Said } from '../../ui/appeal'
import { Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Stars } from '../../ui/stars'
import type { CardWish } from './case-list'
import { Pictures } from './pictures'
import type { SubmissionCase } from './use-queues'
import { moment, whoOf } from './words'

/** What a member handed in, and since when it waits. */
export const PaperCard = ({ one: paper, onOpen }: CardWish<SubmissionCase>) => {
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
