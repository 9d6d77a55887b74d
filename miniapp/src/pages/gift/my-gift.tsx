import { dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { api, type RouterOutputs } from '../../lib/api'
import { faultText } from '../../lib/fault-text'
import { toTab } from '../../lib/nav'
import { refresh, useCommand } from '../../lib/query'
import { AllowMessage } from '../../ui/allow-message'
import { aria } from '../../ui/aria'
import { Button } from '../../ui/button'
import { FaultNote } from '../../ui/states'
import { GiftBox } from './box'
import { Contents, OpenedContents } from './contents'

type Gift = NonNullable<RouterOutputs['gift']['show']['gift']>

const day = (iso: string) => dayWords(new Date(iso), new Date())

/** My box: to be opened, opened with what came out, or why it stays closed. */
export function MyGift({ gift }: { gift: Gift }) {
  const open = useCommand(async (giftId: string, requestId) => {
    const opened = await api.gift.open.mutate({ giftId, requestId })
    await refresh('gift', 'home', 'coupons', 'redemptions', 'mall', 'statement', 'lots')
    return opened
  })
  const { state, opened, contents, title } = gift
  return (
    <View>
      <GiftBox open={opened !== null} />
      <View className="gf-words" {...(opened ? aria({ role: 'alert' }) : {})}>
        <View className="hy-display">{titleOf(gift)}</View>
        <View className="hy-2 hy-mt2">{subOf(gift)}</View>
      </View>
      {open.fault && <FaultNote fault={open.fault} onRetry={() => void open.run(gift.giftId)} />}
      {opened ? (
        <OpenedContents contents={opened.contents} promised={contents} />
      ) : (
        state === 'open' && <Contents contents={contents} />
      )}
      {opened?.contents.some(({ kind }) => kind === 'pickup') && (
        <AllowMessage template="pickup_ready" title="可以取货时告诉我" id="allow-pickup" />
      )}
      <View className="hy-reach__room" />
      <View className="hy-reach">
        <View className="hy-reach__in">
          {state === 'open' && !opened ? (
            <Button id="gift-open" block busy={open.busy} onTap={() => void open.run(gift.giftId)}>
              {`打开${title}`}
            </Button>
          ) : opened ? (
            <Button id="gift-use" block onTap={() => toTab('code')}>
              出示会员码，去用
            </Button>
          ) : (
            <Button id="gift-elsewhere" block onTap={() => toTab('mall')}>
              去商城看看
            </Button>
          )}
        </View>
      </View>
    </View>
  )
}

function titleOf({ opened, state, refusal, title }: Gift): string {
  if (opened) return '都是你的了'
  if (state === 'open') return `为你备好了一份${title}`
  return refusal ? faultText(refusal).title : `${title}已经领过了`
}

function subOf({ opened, state, refusal, fromName, claimBy }: Gift): string {
  if (opened) return `${day(opened.openedAt)}打开${fromName ? ` · ${fromName}请的` : ''}`
  if (state !== 'open') return (refusal && faultText(refusal).detail) ?? '别的好东西在商城里'
  const until = claimBy ? `${day(claimBy)}前打开` : '打开就是你的'
  return fromName ? `${fromName}请你来喝第一盏 · ${until}` : until
}
