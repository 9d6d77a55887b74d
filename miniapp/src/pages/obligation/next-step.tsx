import { Text, View } from '@tarojs/components'
import { faultText } from '../../lib/fault-text'
import { go, toTab } from '../../lib/nav'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { endWords, groupOf, nextWords } from './group'
import type { Obligation } from './obligations'
import { useAccept } from './use-accept'

interface NextWish {
  obligation: Obligation
  /** On its own page, as wide as the page; there handing in has a form of its own. */
  block?: boolean
}

/** What can be done now, or why nothing can. */
export function NextStep({ obligation, block }: NextWish) {
  const { refusal, nextAt, state, proof } = obligation
  const now = new Date()
  if (groupOf(obligation) === 'done') {
    const kept = state === 'rewarded' || state === 'approved'
    return <Text className={`hy-tag${kept ? ' hy-tag--ok' : ''} ob-card__end`}>{endWords(obligation, now)}</Text>
  }
  if (state === 'submitted' || state === 'rejected') return block ? null : <Look obligation={obligation} />
  if (refusal) {
    const { title: why, detail } = faultText(refusal)
    return <Text className="hy-caption hy-2 ob-card__end">{detail ? `${why}，${detail}` : why}</Text>
  }
  if (nextAt) return <Text className="hy-caption hy-2 ob-card__end">{nextWords(nextAt, now)}</Text>
  if (state === 'open') return <Accept obligation={obligation} block={block ?? false} />
  if (proof === 'staff_scan') return <ShowCode block={block ?? false} />
  return <Way obligation={obligation} block={block ?? false} />
}

const lookOf = (block: boolean) => (block ? { block: true } : { small: true })

const ShowCode = ({ block }: { block: boolean }) => (
  <Button {...lookOf(block)} kind={block ? 'primary' : 'secondary'} onTap={() => toTab('code')}>
    出示会员码
  </Button>
)

const Look = ({ obligation: { obligationId, state, title } }: { obligation: Obligation }) => (
  <Button
    id={`look-${obligationId}`}
    small
    kind={state === 'rejected' ? 'secondary' : 'line'}
    label={`${state === 'rejected' ? '看看原因' : '看进度'}：${title}`}
    onTap={() => go(`/pages/obligation/obligation?id=${obligationId}`)}
  >
    {state === 'rejected' ? '看看原因' : '看进度'}
  </Button>
)

/** Where what counts by itself, or is handed in, is done. */
function Way({ obligation, block }: Required<NextWish>) {
  const { obligationId, proof, counts, articleId, title } = obligation
  if (proof === 'handed_in')
    return block ? null : (
      <Button
        id={`hand-in-${obligationId}`}
        small
        kind="secondary"
        label={`去写：${title}`}
        onTap={() => go(`/pages/obligation/obligation?id=${obligationId}`)}
      >
        去写
      </Button>
    )
  const way =
    counts === 'friend_rewarded'
      ? { words: '请朋友喝茶', to: '/pages/referral/referral' }
      : counts === 'reader_acted'
        ? {
            words: '读新鲜事',
            to: articleId ? `/pages/article/article?id=${articleId}` : '/pages/article/articles',
          }
        : { words: '看看菜单', to: '/pages/product/menu' }
  return (
    <Button {...lookOf(block)} kind={block ? 'primary' : 'secondary'} onTap={() => go(way.to)}>
      {way.words}
    </Button>
  )
}

function Accept({ obligation: { obligationId, title }, block }: Required<NextWish>) {
  const accept = useAccept()
  return (
    <>
      <Button
        id={`accept-${obligationId}`}
        {...lookOf(block)}
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
