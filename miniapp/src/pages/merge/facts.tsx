import { countText } from '@huiyuan/shared/money'
import { Text, View } from '@tarojs/components'
import { lostWords, type Moved, movedFacts, type Reversal, reversalWords } from '../../lib/merge-words'
import { Panel } from '../../ui/blocks'
import { Icon, type IconName } from '../../ui/icon'

/** What moves, figure by figure. */
export function MovedFacts({ title, moved, none }: { title: string; moved: Moved; none: string }) {
  const facts = movedFacts(moved)
  return (
    <Panel pad>
      <View className="hy-title">{title}</View>
      {facts.length === 0 && <View className="hy-2 hy-mt1">{none}</View>}
      <View className="mg-facts">
        {facts.map((fact) => (
          <View key={fact.title} className="mg-fact">
            <Text className="mg-fact__name">{fact.title}</Text>
            <Text className="mg-fact__n">{fact.words}</Text>
          </View>
        ))}
      </View>
    </Panel>
  )
}

/** The figure that is asked about first, for the last look. */
export const pointsWords = (verb: string, moved: Moved = {}): string =>
  moved.points ? `${verb} ${countText(moved.points)} 积分。` : '没有积分要动。'

interface SaidWish {
  title: string
  icon: IconName
  tone?: 'warn'
  lines: string[]
}

/** Sentences under a title; nothing where there are none. */
export const Said = ({ title, icon, tone, lines }: SaidWish) =>
  lines.length === 0 ? null : (
    <View className={`mg-said${tone ? ` mg-said--${tone}` : ''}`}>
      <Icon name={icon} size="m" />
      <View className="mg-said__main">
        <View className="hy-bold">{title}</View>
        {lines.map((line, index) => (
          <View key={index} className="hy-2 hy-mt1">
            {line}
          </View>
        ))}
      </View>
    </View>
  )

export const Reversed = ({ reversed }: { reversed: Reversal[] }) => (
  <Said title="合并时会改变的" icon="spark" lines={reversed.map(reversalWords)} />
)

export const Lost = ({ lost }: { lost: Reversal[] }) => (
  <Said title="恢复不了的" icon="warn" tone="warn" lines={lost.map(lostWords)} />
)
