import { Text, View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { toTab } from '../../lib/nav'
import { Bar } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { markOf } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { FaultNote } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { endWords, groupOf, howWords, nextWords, rewardWords } from './group'
import type { Obligation } from './obligations'
import { useAccept } from './use-accept'

/** One small thing: what it is, how far one is, what there is for it, and the next step. */
export function ObligationCard({ obligation, onOpen }: { obligation: Obligation; onOpen: () => void }) {
  const { obligationId, title, mark, target, progress } = obligation
  const group = groupOf(obligation)
  return (
    <View id={`obligation-${obligationId}`} className={`hy-panel ob-card ob-card--${group}`}>
      <View className="ob-card__top" {...tapProps(onOpen)}>
        <View className="hy-cell__lead">
          <Icon name={markOf(mark)} size="m" />
        </View>
        <View className="hy-grow">
          <View className="ob-card__title">
            <Text className="hy-bold">{title}</Text>
            <Text className="hy-caption hy-2 hy-num">{`${progress} / ${target} 次`}</Text>
          </View>
          <View className="hy-caption hy-3 hy-mt1">{howWords(obligation, new Date())}</View>
        </View>
        <Icon name="go" size="s" className="hy-cell__go" />
      </View>
      {group !== 'open' && <Bar parts={[progress / Math.max(1, target)]} />}
      <View className="ob-card__foot">
        <View className="ob-card__reward">
          <Icon name="medal" size="s" />
          <Text>{rewardWords(obligation)}</Text>
        </View>
        <NextStep obligation={obligation} />
      </View>
    </View>
  )
}

/** What can be done now, or why nothing can. */
export function NextStep({ obligation, block }: { obligation: Obligation; block?: boolean }) {
  const accept = useAccept()
  const { obligationId, refusal, nextAt, title } = obligation
  const look = block ? { block: true } : { small: true }
  const group = groupOf(obligation)
  if (group === 'done')
    return <Text className="hy-tag hy-tag--ok ob-card__end">{endWords(obligation, new Date())}</Text>
  if (refusal) {
    const { title: why, detail } = faultText(refusal)
    return <Text className="hy-caption hy-2 ob-card__end">{detail ? `${why}，${detail}` : why}</Text>
  }
  if (nextAt) return <Text className="hy-caption hy-2 ob-card__end">{nextWords(nextAt, new Date())}</Text>
  if (group === 'doing')
    return (
      <Button {...look} kind={block ? 'primary' : 'secondary'} onTap={() => toTab('code')}>
        出示会员码
      </Button>
    )
  return (
    <>
      <Button
        id={`accept-${obligationId}${block ? '-sheet' : ''}`}
        {...look}
        busy={accept.busy}
        label={`接下它：${title}`}
        onTap={() => void accept.run(obligationId)}
      >
        接下它
      </Button>
      {accept.fault && (
        <View className="ob-card__fault">
          <FaultNote fault={accept.fault} onRetry={() => void accept.run(obligationId)} />
        </View>
      )}
    </>
  )
}
