import { Input, Text, View } from '@tarojs/components'
import { useEffect, useRef, useState } from 'react'
import { useGrowing } from '../../lib/growing'
import { useFound, useMall } from '../../lib/mall'
import type { Reward } from '../../lib/reward'
import { keep, kept } from '../../lib/storage'
import { aria } from '../../ui/aria'
import { Section } from '../../ui/blocks'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { RewardTile } from '../../ui/reward-tile'
import { Empty, FaultNote, SlowNote } from '../../ui/states'
import { tapProps } from '../../ui/tap'
import { withRecent } from './recent'
import './search.css'
import { useSettled } from './use-settled'

/** Named among what belongs to one person in lib/session. */
const SEARCHES = 'searches'
const REST_MS = 300
const LONGEST = 20
const PERHAPS = 4
const STEP = 4
const MOST = 30

/** Finds rewards while one types; what was looked for stays on this phone. */
export default function Search() {
  const [text, setText] = useState('')
  const [recent, setRecent] = useState(() => kept<string[]>(SEARCHES) ?? [])
  const { settled, now } = useSettled(text.trim(), REST_MS)
  const looked = text.trim() === '' ? '' : settled
  const remember = (list: string[]) => {
    setRecent(list)
    keep(SEARCHES, list.length > 0 ? list : null)
  }
  const look = (words: string) => {
    setText(words)
    now(words.trim())
    remember(withRecent(recent, words))
  }
  return (
    <Page>
      <SearchField text={text} onInput={setText} onLook={() => look(text)} />
      <View>
        {looked === '' ? (
          <View>
            {recent.length > 0 && <Recent recent={recent} onLook={look} onClear={() => remember([])} />}
            <Perhaps />
          </View>
        ) : (
          <Results text={looked} onOpen={() => remember(withRecent(recent, looked))} />
        )}
      </View>
    </Page>
  )
}

function SearchField({ text, onInput, onLook }: { text: string; onInput: (text: string) => void; onLook: () => void }) {
  return (
    <View className="sr-field">
      <Icon name="search" size="m" />
      <Input
        id="search-input"
        className="hy-field__input sr-field__input"
        {...aria({ label: '搜商城' })}
        type="text"
        confirmType="search"
        value={text}
        maxlength={LONGEST}
        focus
        placeholder="想换点什么"
        onInput={(event) => onInput(event.detail.value)}
        onConfirm={onLook}
      />
      {/* stays in its place, so that the field is not handed over again */}
      <View
        id="search-clear"
        className={`sr-field__clear${text ? '' : ' sr-field__clear--off'}`}
        {...tapProps(() => onInput(''), '清空')}
      >
        <Icon name="x" size="m" />
      </View>
    </View>
  )
}

const Recent = ({
  recent,
  onLook,
  onClear,
}: {
  recent: string[]
  onLook: (words: string) => void
  onClear: () => void
}) => (
  <View id="search-recent">
    <View className="hy-section">
      <Text className="hy-title">最近搜过</Text>
      <View id="recent-clear" className="hy-section__more sr-clear" {...tapProps(onClear, '清空最近搜过')}>
        <Text>清空</Text>
      </View>
    </View>
    <View className="sr-words">
      {recent.map((words) => (
        <View key={words} className="hy-chip" {...tapProps(() => onLook(words))}>
          <Text className="hy-chip__in">{words}</Text>
        </View>
      ))}
    </View>
  </View>
)

/** What the shelf begins with, for who does not know what to look for. */
function Perhaps() {
  const { data } = useMall()
  const some = data?.rewards.slice(0, PERHAPS) ?? []
  if (some.length === 0) return null
  return (
    <View id="search-perhaps">
      <Section title="也许喜欢" />
      <View className="hy-tiles">
        {some.map((reward) => (
          <RewardTile key={reward.rewardId} reward={reward} />
        ))}
      </View>
    </View>
  )
}

function Results({ text, onOpen }: { text: string; onOpen: () => void }) {
  const read = useFound(text)
  const last = useRef<{ text: string; rewards: Reward[] } | null>(null)
  useEffect(() => {
    if (read.data) last.current = { text, rewards: read.data.rewards }
  }, [read.data, text])
  // what was found by the words before stays until the new answer is there
  const found = read.data ? { text, rewards: read.data.rewards } : read.fault ? null : last.current
  if (!found)
    return read.fault ? (
      <FaultNote fault={read.fault} onRetry={() => void read.reload()} />
    ) : (
      <View>
        <Coming />
        {read.slow && <SlowNote />}
      </View>
    )
  return (
    <View id="search-results" {...aria({ role: 'status' })}>
      {found.rewards.length === 0 ? (
        <View>
          <Empty title={`没有找到「${found.text}」`} sub="换个短一点的词试试" />
          <Perhaps />
        </View>
      ) : (
        <View>
          <View className="sr-count hy-caption hy-2">{`找到 ${found.rewards.length} 样`}</View>
          <Tiles key={found.text} rewards={found.rewards} onOpen={onOpen} />
        </View>
      )}
      {read.slow && <SlowNote />}
    </View>
  )
}

const COMING = [1, 2]

const Coming = () => (
  <View className="hy-tiles hy-mt5" {...aria({ role: 'img', label: '正在找' })}>
    {COMING.map((tile) => (
      <View key={tile} className="hy-sk hy-sk--tile" />
    ))}
  </View>
)

/** New words bring new tiles, a few at a time. */
function Tiles({ rewards, onOpen }: { rewards: Reward[]; onOpen: () => void }) {
  const { shown } = useGrowing(rewards, STEP, MOST)
  return (
    <View className="hy-tiles">
      {shown.map((reward) => (
        <RewardTile key={reward.rewardId} reward={reward} onOpen={onOpen} />
      ))}
    </View>
  )
}
