import { countText } from '@huiyuan/shared/money'
import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import type { RouterOutputs } from '../../lib/api'
import { thresholdWords, worthOf } from '../../lib/coupon'
import { go, toTab } from '../../lib/nav'
import { Button } from '../../ui/button'
import { Ticket, type TicketWish } from '../../ui/coupon-ticket'
import type { Gift } from './standing-words'

type Content = Gift['contents'][number]
export type Opened = RouterOutputs['gift']['open']['contents'][number]

/** What is in it, and for how long once it is opened. */
export const Contents = ({ contents }: { contents: Content[] }) => (
  <View id="gift-contents">
    {contents.map((content, index) => (
      <Ticket key={index} {...promiseOf(content)} />
    ))}
  </View>
)

/** What came out of it: until when, and where it is now; and the coupon that follows a pack. */
export const OpenedContents = ({
  contents,
  promised,
  followUp,
}: {
  contents: Opened[]
  promised: Content[]
  followUp: Gift['followUp']
}) => {
  const follows = promised.find((content) => content.kind === 'follow_up')
  return (
    <View id="gift-opened" className="gf-contents">
      {contents.map((content, index) => (
        <Ticket key={index} {...openedOf(content, promised)} />
      ))}
      {follows && (
        <Ticket id="gift-follow" {...faceOf(follows)} title={follows.title} {...followOf(follows, followUp)} />
      )}
    </View>
  )
}

function faceOf(content: Content): Pick<TicketWish, 'figure' | 'unit' | 'tone'> {
  switch (content.kind) {
    case 'pickup':
      return { figure: '一份', unit: '到店取', tone: 'brand' }
    case 'right':
      return { figure: '权益', unit: '一项', tone: 'quiet' }
    case 'coupon':
    case 'follow_up':
      return content.amountOffFen === null
        ? { figure: '券', unit: '一张' }
        : worthOf({ amountOffFen: content.amountOffFen, payPercent: null })
    case 'points':
      return { figure: `+${countText(content.points)}`, unit: '积分', tone: 'quiet' }
  }
}

function promiseOf(content: Content): TicketWish {
  const face = faceOf(content)
  switch (content.kind) {
    case 'pickup':
      return { ...face, title: content.title, sub: `任一门店自取 · 打开后 ${content.days} 天内` }
    case 'coupon': {
      const days = content.validDays === null ? '' : ` · 打开后 ${content.validDays} 天内`
      return { ...face, title: content.title, sub: `${thresholdWords(content)}${days}` }
    }
    case 'right':
      return { ...face, title: content.title, sub: content.days === null ? '打开就有' : `打开后 ${content.days} 天内` }
    case 'follow_up':
      return { ...face, title: content.title, sub: `${thresholdWords(content)} · 到店取走后送你` }
    case 'points':
      return { ...face, title: '积分', sub: '打开就到账，马上能用' }
  }
}

function openedOf(content: Opened, promised: Content[]): TicketWish {
  const by = (iso: string) => `${dayWords(new Date(iso), new Date())}前`
  switch (content.kind) {
    case 'pickup':
      return {
        figure: '一份',
        unit: '到店取',
        tone: 'brand',
        title: content.title,
        sub: `${by(content.pickupBy)}到任一门店取`,
        end: <Way words="取货码" label={`看${content.title}的取货码`} onTap={() => go('/pages/mall/redemptions')} />,
      }
    case 'coupon': {
      const known = promised.find((one) => one.kind === 'coupon' && one.title === content.title)
      return {
        ...(known ? faceOf(known) : { figure: '券', unit: '一张' }),
        title: content.title,
        sub: `${by(content.expiresAt)}结账时用`,
        end: <Way words="看看" label={`看看，${content.title}在卡券里`} onTap={() => toTab('coupon')} />,
      }
    }
    case 'right':
      return {
        figure: '权益',
        unit: '一项',
        tone: 'quiet',
        title: content.title,
        sub: content.expiresAt ? `${by(content.expiresAt)}有效` : '已经生效',
        end: <Way words="看看" label={`看看，${content.title}在我的权益里`} onTap={() => go('/pages/right/rights')} />,
      }
    case 'points':
      return {
        figure: `+${countText(content.points)}`,
        unit: '积分',
        tone: 'quiet',
        title: '积分到账了',
        sub: `${by(content.expiresAt)}有效`,
        end: <Way words="去换" label="去换，积分商城" onTap={() => toTab('mall')} />,
      }
  }
}

/** What comes with the hand-over of a trial pack: promised, there, used, or gone. */
function followOf({ title }: { title: string }, followUp: Gift['followUp']): Pick<TicketWish, 'sub' | 'end'> {
  switch (followUp?.state) {
    case undefined:
      return { sub: '到店取走后送你' }
    case 'usable':
      return {
        sub: `${dayWords(new Date(followUp.expiresAt), new Date())}前结账时用`,
        end: <Way words="看看" label={`看看，${title}在卡券里`} onTap={() => toTab('coupon')} />,
      }
    case 'used':
      return { sub: '用过了，谢谢再来' }
    case 'over':
      return { sub: '已经过期' }
  }
}

const Way = ({ words, label, onTap }: { words: string; label: string; onTap: () => void }) => (
  <Button small kind="secondary" label={label} onTap={onTap}>
    {words}
  </Button>
)
