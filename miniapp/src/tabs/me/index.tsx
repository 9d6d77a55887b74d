import { countText } from '@huiyuan/shared/money'
import { DEMO_POLICY } from '@huiyuan/shared/policy'
import { rungOf } from '@huiyuan/shared/tier'
import { daysUntil } from '@huiyuan/shared/time'
import { Text, View } from '@tarojs/components'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { SignInWays } from '../../join/sign-in-ways'
import { api, type RouterOutputs } from '../../lib/api'
import { useHome } from '../../lib/home'
import { go, toTab } from '../../lib/nav'
import { useCommand, useRead } from '../../lib/query'
import { signOut, useSession } from '../../lib/session'
import { Cell, Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Later } from '../../ui/later'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { TierMark } from '../../ui/tier-mark'
import { Bonds } from './bonds'
import './me.css'
import { Numbers } from './numbers'

type Me = RouterOutputs['member']['me']

/** Me: who I am here, my books, and the way to the counter for those who work there. */
export default function MeTab() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  return (
    <>
      {state === 'member' ? (
        <Mine />
      ) : (
        <Page tab="me">
          {state === 'starting' ? (
            <Skeleton rows={5} />
          ) : (
            <NotYet guest={state === 'guest'} onJoin={() => setJoining(true)} />
          )}
        </Page>
      )}
      <View>
        <JoinSheet open={joining} onClose={() => setJoining(false)} />
      </View>
    </>
  )
}

function NotYet({ guest, onJoin }: { guest: boolean; onJoin: () => void }) {
  return (
    <View>
      <Empty title="还没有会员卡" sub="领一张，积分和等级都从今天算起" />
      {guest ? (
        <Button id="join-open" block onTap={onJoin}>
          领取会员卡
        </Button>
      ) : (
        <SignInWays />
      )}
      <View className="hy-mt5">
        <Panel>
          <Cell id="articles-open" icon="bowl" title="新鲜事" onTap={() => go('/pages/article/articles')} />
          <Cell icon="shield" title="会员服务与隐私说明" onTap={() => go('/pages/consent/privacy')} />
        </Panel>
      </View>
    </View>
  )
}

function Mine() {
  const read = useRead(['me'], () => api.member.me.query(), { keepAs: 'me' })
  const home = useHome()
  const leave = useCommand(() => signOut())
  const { next, soon } = wordsOf(home.data)
  return (
    <Page tab="me" onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={5} />}>
        {(me) => (
          <>
            <Head me={me} />
            {home.data && <Numbers card={home.data.card} />}
            <Bonds me={me} />
            {me.staff && (
              <Panel>
                <Cell
                  id="staff-open"
                  icon="scan"
                  title="收银台"
                  sub={`${me.staff.storeName} · ${ROLE[me.staff.role]}`}
                  end={<Tag kind="brand">店员</Tag>}
                  onTap={() => go('/pages/staff/counter')}
                />
                {me.staff.role !== 'clerk' && (
                  <Cell
                    id="manage-open"
                    icon="store"
                    title="店务"
                    sub="密钥、推送、平板和审计"
                    onTap={() => go('/pages/manage/manage')}
                  />
                )}
                {me.staff.role === 'operator' && (
                  <Later>
                    <Later>{OPERATORS.map(cellOf)}</Later>
                  </Later>
                )}
              </Panel>
            )}
            <View className="hy-mt3">
              <Later>
                {home.data && <Rooms home={home.data} />}
                <Panel>
                  <Cell
                    id="statement-open"
                    icon="list"
                    title="积分明细"
                    end={soon ? <Text>{soon}</Text> : undefined}
                    onTap={() => go('/pages/ledger/statement')}
                  />
                  <Cell
                    id="tier-open"
                    icon="medal"
                    title="等级与成长"
                    end={next ? <Text>{next}</Text> : undefined}
                    onTap={() => go('/pages/tier/tier')}
                  />
                  <Cell id="rights-open" icon="spark" title="我的权益" onTap={() => go('/pages/right/rights')} />
                  <Cell id="articles-open" icon="bowl" title="新鲜事" onTap={() => go('/pages/article/articles')} />
                </Panel>
                <Panel>
                  <Cell id="places-open" icon="phone" title="登录与设备" onTap={() => go('/pages/session/places')} />
                  <Cell id="privacy-open" icon="lock" title="隐私与数据" onTap={() => go('/pages/privacy/privacy')} />
                  <Cell icon="shield" title="会员服务与隐私说明" onTap={() => go('/pages/consent/privacy')} />
                </Panel>
                <View className="hy-dock">
                  <Button id="sign-out" kind="line" block busy={leave.busy} onTap={() => void leave.run(undefined)}>
                    退出登录
                  </Button>
                </View>
              </Later>
            </View>
          </>
        )}
      </States>
    </Page>
  )
}

/** The rooms of those who run the programme, drawn after their own things: later than what is late itself. */
const OPERATORS = [
  { id: 'merges-open', icon: 'people', title: '会员合并', sub: '合并、记录和撤销', path: '/pages/merge/merges' },
  { id: 'books-open', icon: 'list', title: '积分账务', sub: '调整、复核和负债', path: '/pages/books/books' },
  { id: 'review-open', icon: 'check', title: '审核', sub: '推荐、材料和申诉', path: '/pages/review/review' },
  {
    id: 'campaigns-open',
    icon: 'spark',
    title: '活动',
    sub: '请朋友、特色义务和停止',
    path: '/pages/campaign/campaigns',
  },
  { id: 'drafts-open', icon: 'list', title: '资讯管理', sub: '写、上线和撤下', path: '/pages/article/drafts' },
  { id: 'conversions-open', icon: 'leaf', title: '体验装', sub: '领取、到店和复购', path: '/pages/gift/conversions' },
] as const

const cellOf = ({ path, ...room }: (typeof OPERATORS)[number]) => (
  <Cell key={room.id} {...room} onTap={() => go(path)} />
)

/** What the house keeps for the member, and what can be done for it. */
function Rooms({ home: { counts } }: { home: RouterOutputs['home']['show'] }) {
  const { coupons, pickups, obligations } = counts
  return (
    <Panel>
      <Cell
        id="coupons-open"
        icon="ticket"
        title="我的券"
        end={coupons > 0 ? <Text>{`${coupons} 张可用`}</Text> : undefined}
        onTap={() => toTab('coupon')}
      />
      <Cell
        id="redemptions-open"
        icon="mall"
        title="我的兑换"
        end={pickups > 0 ? <Text>{`${pickups} 件待取`}</Text> : undefined}
        onTap={() => go('/pages/mall/redemptions')}
      />
      <Cell id="gifts-open" icon="gift" title="我的礼物" onTap={() => go('/pages/gift/gift')} />
      <Cell id="referral-open" icon="people" title="请朋友喝茶" onTap={() => go('/pages/referral/referral')} />
      <Cell
        id="obligations-open"
        icon="leaf"
        title="特色义务"
        end={obligations > 0 ? <Text>{`${obligations} 件在做`}</Text> : undefined}
        onTap={() => go('/pages/obligation/obligations')}
      />
    </Panel>
  )
}

/** What is next for the tier, and what ends soon, in a few words each. */
function wordsOf(home: RouterOutputs['home']['show'] | undefined): { next?: string; soon?: string } {
  const next = home?.card.nextTier
  const ending = home?.today.find((item) => item.kind === 'points_expiring')
  const days = ending ? daysUntil(new Date(ending.expiresAt), new Date()) : 0
  return {
    ...(next ? { next: `再积 ${countText(next.needGrowth)} 升${rungOf(next.tier, DEMO_POLICY).name}` } : {}),
    ...(ending ? { soon: `${countText(ending.points)} 积分${days > 0 ? ` ${days} 天后` : '今天'}到期` } : {}),
  }
}

const ROLE = { clerk: '店员', manager: '店长', operator: '运营' }

const Head = ({ me }: { me: Me }) => (
  <View className={`hy-row hy-top hy-tier-${me.tier}`}>
    <View className="hy-rung__dot" style={{ width: '48px', height: '48px', marginRight: '14px' }}>
      <TierMark tier={me.tier} />
    </View>
    <View className="hy-grow">
      <View className="hy-display">{me.displayName}</View>
      <Text className="hy-caption hy-3 hy-num">{`${rungOf(me.tier, DEMO_POLICY).name}会员 · 尾号 ${me.memberNo.slice(-4)}`}</Text>
    </View>
  </View>
)
