import { Text, View } from '@tarojs/components'
import { go } from '../../lib/nav'
import { Bar, Tag } from '../../ui/blocks'
import { markOf } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { tapProps } from '../../ui/tap'
import { groupOf, proofWords, rewardWords, sortWords, unitOf, whenWords } from './group'
import { NextStep } from './next-step'
import type { Obligation } from './obligations'
import { handInTag } from './standing'

/** One small thing: what it is, how far one is, what there is for it, and the next step. */
export function ObligationCard({ obligation }: { obligation: Obligation }) {
  const { obligationId, title, mark, target, progress, labelled } = obligation
  const group = groupOf(obligation)
  const tag = handInTag(obligation)
  const open = () => go(`/pages/obligation/obligation?id=${obligationId}`)
  return (
    <View id={`obligation-${obligationId}`} className={`hy-panel ob-card ob-card--${group}`}>
      <View className="ob-card__top" {...tapProps(open, process.env.TARO_ENV === 'weapp' ? title : undefined)}>
        <View className="hy-cell__lead">
          <Icon name={markOf(mark)} size="m" />
        </View>
        <View className="hy-grow">
          <View className="ob-card__title">
            <Text className="hy-bold">{title}</Text>
            {tag ? (
              <Tag kind={tag.kind}>{tag.words}</Tag>
            ) : (
              target > 1 && (
                <Text className="hy-caption hy-2 hy-num">{`${progress} / ${target} ${unitOf(obligation)}`}</Text>
              )
            )}
          </View>
          <View className="ob-card__sort">
            <Text className="hy-caption hy-brandly">{sortWords(obligation)}</Text>
            {labelled && <Text className="ob-label">有奖</Text>}
          </View>
          <View className="hy-caption hy-3 hy-mt1">{proofWords(obligation)}</View>
        </View>
        <Icon name="go" size="s" className="hy-cell__go" />
      </View>
      {group === 'doing' && target > 1 && <Bar parts={[progress / target]} />}
      <View className="ob-card__foot">
        <View className="ob-card__what">
          <View className="ob-card__reward">
            <Icon name="medal" size="s" />
            <Text>{rewardWords(obligation)}</Text>
          </View>
          {group !== 'done' && (
            <View className="hy-caption hy-3 hy-num hy-mt1">{whenWords(obligation, new Date())}</View>
          )}
        </View>
        <NextStep obligation={obligation} />
      </View>
    </View>
  )
}
