import { Text, View } from '@tarojs/components'
import { aria } from '../../ui/aria'
import { Bar, Tag } from '../../ui/blocks'
import { markOf } from '../../ui/honour-badge'
import { Icon } from '../../ui/icon'
import { Phrases } from '../../ui/phrases'
import { endNote, endWords, groupOf, sortWords, unitOf } from './group'
import type { Obligation } from './obligations'
import { handInTag } from './standing'

/** More steps than fit on a card are only counted. */
const STAMPS = 20

/** What it is, in its own words, and how far one has come. */
export function Head({ obligation }: { obligation: Obligation }) {
  const { title, words, mark, target, labelled, state } = obligation
  const tag = handInTag(obligation)
  const note = endNote(obligation)
  const over = groupOf(obligation) === 'done'
  const kept = state === 'rewarded' || state === 'approved'
  return (
    <View className="hy-panel ob-head">
      <View className="ob-head__top">
        <View className="ob-head__mark">
          <Icon name={markOf(mark)} size="l" />
        </View>
        <View className="hy-grow">
          <View className="hy-title">{title}</View>
          <View className="ob-card__sort">
            <Text className="hy-caption hy-brandly">{sortWords(obligation)}</Text>
            {labelled && <Text className="ob-label">有奖</Text>}
          </View>
        </View>
        {tag && !over && <Tag kind={tag.kind}>{tag.words}</Tag>}
      </View>
      {over && (
        <View className="hy-mt3">
          <Tag {...(kept ? { kind: 'ok' } : {})}>{endWords(obligation, new Date())}</Tag>
        </View>
      )}
      <View className="hy-2 hy-mt3">
        <Phrases words={words} />
      </View>
      {note && (
        <View className="ob-head__note">
          <Phrases words={note} />
        </View>
      )}
      {target > 1 && state !== 'open' && <Progress obligation={obligation} />}
    </View>
  )
}

const Progress = ({ obligation }: { obligation: Obligation }) => {
  const { target, progress, mark } = obligation
  const unit = unitOf(obligation)
  if (target <= STAMPS) return <Stamps {...{ mark, target, progress, unit }} />
  return (
    <View className="hy-mt4">
      <Bar parts={[progress / target]} />
      <View className="hy-caption hy-2 hy-num hy-mt1">{`${progress} / ${target} ${unit}`}</View>
    </View>
  )
}

interface StampsWish {
  mark: string
  target: number
  progress: number
  unit: string
}

/** A card of stamps: one for each time, the confirmed ones pressed. */
const Stamps = ({ mark, target, progress, unit }: StampsWish) => (
  <View
    className={`ob-stamps${target < 5 ? ' ob-stamps--few' : ''}`}
    {...aria({ role: 'img', label: `${target} ${unit}里做到 ${progress} ${unit}` })}
  >
    {Array.from({ length: target }, (_, index) => (
      <View key={index} className="ob-stamp__place">
        <View className={`ob-stamp${index < progress ? ' ob-stamp--on' : ''}`}>
          {index < progress ? <Icon name={markOf(mark)} size="m" /> : index + 1}
        </View>
      </View>
    ))}
    {target < 5 && <View className="ob-stamps__n hy-2 hy-num">{`${progress} / ${target} ${unit}`}</View>}
  </View>
)
