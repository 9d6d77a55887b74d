import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { Text, View } from '@tarojs/components'
import { SignInWays } from '../../join/sign-in-ways'
import { useSession } from '../../lib/session'
import { Cell, Panel, Section } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Ladder } from '../../ui/ladder'
import { Later } from '../../ui/later'
import { TierMark } from '../../ui/tier-mark'
import { GiftBox } from './gift-box'
import { MenuWay } from './menu-way'
import { openGift } from './open-gift'
import { Rail } from './rewards'
import type { Offer } from './use-guest-home'

const { pointsPerYuan, tiers, brand } = DEMO_POLICY
const first = rungOf(1, DEMO_POLICY)

/** Through a window one sees so much of a shop. */
const IN_WINDOW = 4

/** What a stranger sees: who sent them, what waits for them, and one way in. */
export function GuestHome({ offer, onJoin }: { offer: Offer; onJoin: () => void }) {
  const { state } = useSession()
  const { data, loading } = offer.preview
  const gift = data?.gift
  return (
    <View>
      <View className="hy-top">
        <View className="hy-display">{data?.fromName ? `${data.fromName}请你来喝第一盏` : '来了就是一家人'}</View>
        <View className="hy-2">{brand.slogan}</View>
      </View>
      {/* what comes and goes has a place of its own: WeChat is handed that place alone, not the whole page */}
      <View>{gift ? <GiftBox gift={gift} /> : loading ? <View className="hy-sk hy-sk--card" /> : <FirstCard />}</View>
      <View>
        {state === 'guest' ? (
          <View className="hy-dock">
            <Button id="join-open" block onTap={onJoin}>
              {gift ? '领取新人礼' : '领取会员卡'}
            </Button>
          </View>
        ) : (
          <SignInWays onJoined={() => void openGift()} />
        )}
      </View>
      <MenuWay sub="先看看有什么喝的" />
      <View>
        {offer.rewards.length > 0 && (
          <Later>
            <Rail title="积分能换什么" more="逛商城" rewards={offer.rewards.slice(0, IN_WINDOW)} />
          </Later>
        )}
      </View>
      <View>
        <Later>
          <WhatItBrings />
        </Later>
      </View>
    </View>
  )
}

/** What being a member is, in four lines and six glazes; in two pieces, since with the gift and the shelf it weighs too much. */
const WhatItBrings = () => (
  <View>
    <Section title="入会有什么" />
    <Panel>
      <Cell icon="spark" title="消费得积分" sub={`每 1 元得 ${pointsPerYuan} 积分，退货期满生效`} />
      <Cell icon="medal" title="六级会员" sub="随消费成长，到了就升" />
      <Cell icon="code" title="一码到店" sub="30 秒一换，截图无效，没网也能用" />
      <Cell icon="shield" title="信息不强求" sub="不留手机号也能入会" />
    </Panel>
    <View>
      <Later>
        <Section title="六种釉，一只盏" />
        <Panel pad>
          <Ladder rungs={tiers} tier={0} />
        </Panel>
      </Later>
    </View>
  </View>
)

/** The card everybody begins with, before it has an owner. */
const FirstCard = () => (
  <View className={`hy-card hy-tier-${first.tier}`}>
    <View className="hy-card__pattern" />
    <View className="hy-card__light" />
    <View className="hy-card__top">
      <View className="hy-grow">
        <View className="hy-card__tier">
          <TierMark tier={first.tier} size="l" className="hy-card__mark" />
          <Text>{`${first.name}会员`}</Text>
        </View>
        <View className="hy-card__glaze">{`${first.glaze} · 入会就有`}</View>
      </View>
      <View className="hy-bowl hy-bowl--whole">
        <View className="hy-bowl__well">
          <Icon name="bowl" size="l" />
        </View>
      </View>
    </View>
    <View className="hy-card__foot">
      <View className="hy-grow">
        <View className="hy-title">一张会员卡，家家店都认</View>
        <View className="hy-card__glaze">不用充值，不用下载，手机里就能用</View>
      </View>
    </View>
  </View>
)
