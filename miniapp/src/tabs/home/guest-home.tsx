import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { View } from '@tarojs/components'
import { SignInWays } from '../../join/sign-in-ways'
import { useSession } from '../../lib/session'
import { Cell, Panel, Section } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Ladder } from '../../ui/ladder'

const { pointsPerYuan, tiers, brand } = DEMO_POLICY

/** What a stranger sees: what membership brings, and one way in. */
export function GuestHome({ onJoin }: { onJoin: () => void }) {
  const { state } = useSession()
  return (
    <View>
      <View className="hy-top">
        <View className="hy-display">来了就是一家人</View>
        <View className="hy-2">{brand.slogan}</View>
      </View>
      <Panel pad>
        <View className="hy-title">一张会员卡，家家店都认</View>
        <View className="hy-2 hy-mt1">不用充值，不用下载，手机里就能用。</View>
        {state === 'guest' ? (
          <View className="hy-dock">
            <Button id="join-open" block onTap={onJoin}>
              领取会员卡
            </Button>
          </View>
        ) : (
          <SignInWays />
        )}
      </Panel>
      <Section title="入会有什么" />
      <Panel>
        <Cell icon="spark" title="消费得积分" sub={`每 1 元得 ${pointsPerYuan} 积分，退货期满生效`} />
        <Cell icon="medal" title="六级会员" sub="随消费成长，到了就升" />
        <Cell icon="code" title="一码到店" sub="30 秒一换，截图无效，没网也能用" />
        <Cell icon="shield" title="信息不强求" sub="不留手机号也能入会" />
      </Panel>
      <Section title="六种釉，一只盏" />
      <Panel pad>
        <Ladder rungs={tiers} tier={0} />
      </Panel>
    </View>
  )
}
