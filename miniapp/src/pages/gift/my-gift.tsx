import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { go, toTab } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { AllowMessage } from '../../ui/allow-message'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { GiftBox } from './box'
import { Contents, OpenedContents } from './contents'
import { type Gift, standingWords } from './standing-words'

/** A box: to be opened, opened with what came out, or why it stays closed. */
export function MyGift({ gift, onBirthday }: { gift: Gift; onBirthday: () => void }) {
  const open = useCommand(async (giftId: string, requestId) => {
    const opened = await api.gift.open.mutate({ giftId, requestId })
    await refresh('gift', 'home', 'coupons', 'redemptions', 'mall', 'statement', 'lots', 'rights')
    return opened
  })
  const { opened, contents } = gift
  const { title, sub } = standingWords(gift, new Date())
  return (
    <View>
      <GiftBox open={opened !== null} />
      <View className="gf-words" {...(opened ? aria({ role: 'alert' }) : {})}>
        <View className="hy-display">{title}</View>
        <View className="hy-2 hy-mt2">{sub}</View>
      </View>
      {open.fault && <FaultNote fault={open.fault} onRetry={() => void open.run(gift.giftId)} />}
      {opened ? (
        <OpenedContents contents={opened.contents} promised={contents} followUp={gift.followUp} />
      ) : (
        // what cannot be had any more is not spread out
        gift.refusal?.code !== 'NOT_NEW' && gift.refusal?.code !== 'GIFT_OVER' && <Contents contents={contents} />
      )}
      {opened?.contents.some(({ kind }) => kind === 'pickup') && (
        <AllowMessage template="pickup_ready" title="可以取货时告诉我" id="allow-pickup" />
      )}
      <View className="hy-reach">
        <View className="hy-reach__in">
          <Way gift={gift} busy={open.busy} onOpen={() => void open.run(gift.giftId)} onBirthday={onBirthday} />
        </View>
      </View>
    </View>
  )
}

/** What can be done with it now. */
function Way({
  gift: { state, opened, refusal, title },
  busy,
  onOpen,
  onBirthday,
}: {
  gift: Gift
  busy: boolean
  onOpen: () => void
  onBirthday: () => void
}) {
  if (opened)
    return (
      <Button id="gift-use" block onTap={() => toTab('code')}>
        出示会员码，去用
      </Button>
    )
  if (state === 'open')
    return (
      <Button id="gift-open" block busy={busy} onTap={onOpen}>
        {`打开${title}`}
      </Button>
    )
  if (refusal?.code === 'BIRTHDAY_NEEDED')
    return (
      <Button id="gift-birthday" block onTap={onBirthday}>
        填写生日
      </Button>
    )
  if (refusal?.code === 'RIGHT_LOCKED')
    return (
      <Button id="gift-unlock" block onTap={() => go('/pages/right/rights')}>
        看看怎么解锁
      </Button>
    )
  return (
    <Button id="gift-elsewhere" block onTap={() => toTab('mall')}>
      去商城看看
    </Button>
  )
}
