import type { Birthday } from '@huiyuan/shared/birthday'
import { View } from '@tarojs/components'
import Taro from '@tarojs/taro'
import { useState } from 'react'
import { BirthdaySheet } from '../../ui/birthday-sheet'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import type { IconName } from '../../ui/icon'
import { MyGift } from './my-gift'
import { firstOf, type Gift, rowWords } from './standing-words'

/** One gift with its box, and below it the others, each with how it stands. */
export function MyGifts({ gifts, birthday }: { gifts: Gift[]; birthday: Birthday | null }) {
  const [chosen, setChosen] = useState(firstOf(gifts)?.giftId)
  const [asking, setAsking] = useState(false)
  const shown = gifts.find(({ giftId }) => giftId === chosen) ?? firstOf(gifts)
  const others = gifts.filter((gift) => gift !== shown)
  const choose = (giftId: string) => {
    setChosen(giftId)
    void Taro.pageScrollTo({ scrollTop: 0 })
  }
  return (
    <View>
      {/* keyed: another box is another box, and does not fly open */}
      {shown && <MyGift key={shown.giftId} gift={shown} onBirthday={() => setAsking(true)} />}
      {others.length > 0 && (
        <View id="gift-others">
          <Section title="还有这些" />
          <Panel>
            {others.map((gift) => (
              <Row key={gift.giftId} gift={gift} onTap={() => choose(gift.giftId)} />
            ))}
          </Panel>
        </View>
      )}
      <View className="hy-reach__room" />
      <View>{asking && <BirthdaySheet open birthday={birthday} onClose={() => setAsking(false)} />}</View>
    </View>
  )
}

const ICON: Record<Gift['kind'], IconName> = { new_member: 'gift', birthday: 'sun', trial_pack: 'leaf' }

const Row = ({ gift, onTap }: { gift: Gift; onTap: () => void }) => {
  const open = gift.state === 'open'
  return (
    <Cell
      id={`gift-row-${gift.giftId}`}
      icon={ICON[gift.kind]}
      tone={open ? 'accent' : 'quiet'}
      title={gift.title}
      sub={rowWords(gift, new Date())}
      end={open ? <Tag kind="accent">去打开</Tag> : gift.opened ? <Tag>已打开</Tag> : undefined}
      onTap={onTap}
    />
  )
}
