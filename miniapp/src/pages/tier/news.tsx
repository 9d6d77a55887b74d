import { countText } from '@huiyuan/shared/money'
import { daysUntil } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { Icon } from '../../ui/icon'
import { type Explained, rungIn } from './explained'

/** A landing is told of for so many days. */
const NEWS_DAYS = 30

/** What must not be overlooked: a tier that ends soon, or one that has just landed a step lower. */
export function News({ explained }: { explained: Explained }) {
  const { warning, tier, keep } = explained
  const now = new Date()
  if (warning && keep) {
    const days = daysUntil(new Date(keep.by), now)
    const title = `${rungIn(explained, tier)?.name ?? ''}${days > 0 ? `还有 ${days} 天` : '今天'}到期`
    return <Told id="tier-ending" tone="accent" title={title} words={warning} />
  }
  const landed = landedWords(explained, now)
  return landed ? <Told id="tier-landed" tone="quiet" title={landed.title} words={landed.words} /> : null
}

function landedWords(explained: Explained, now: Date): { title: string; words: string } | null {
  const [last] = explained.history
  if (last?.reason !== 'landed' || daysUntil(now, new Date(last.at)) > NEWS_DAYS) return null
  const [here, there] = [rungIn(explained, last.after)?.name ?? '', rungIn(explained, last.before)?.name ?? '']
  const { next } = explained
  const back = next?.tier === last.before ? `再积 ${countText(next.needGrowth)} 成长值，当场就回${there}。` : ''
  return { title: `这一年先到${here}`, words: `${back}${here}的价格和权益一样都在，慢慢来。` }
}

const Told = ({ id, tone, title, words }: { id: string; tone: 'accent' | 'quiet'; title: string; words: string }) => (
  <View id={id} className={`tr-news tr-news--${tone}`}>
    <View className="tr-news__icon">
      <Icon name={tone === 'accent' ? 'clock' : 'leaf'} size="m" />
    </View>
    <View className="hy-grow">
      <View className="hy-bold">{title}</View>
      <View className="hy-num">{words}</View>
    </View>
  </View>
)
