import { clockText, dayWords } from '@huiyuan/shared/time'
import { View } from '@tarojs/components'
import { useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { back, go } from '../../lib/nav'
import { refresh, useCommand, useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { AllowMessage } from '../../ui/allow-message'
import { Panel, Section } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { Icon } from '../../ui/icon'
import { Page } from '../../ui/page'
import { FaultNote, Skeleton, States } from '../../ui/states'
import { BLOCKER_WORDS } from './blocker-words'
import { Losses } from './losses'
import { NotHere } from './not-here'
import './privacy.css'
import { ProveSheet } from './prove-sheet'

export type Cancellation = RouterOutputs['privacy']['cancellation']

/** Leaving: what would be lost, what is in the way, the second proof, and the way back until the day has come. */
export default function Leave() {
  const { state } = useSession()
  const read = useRead(['cancellation'], () => api.privacy.cancellation.query(), { enabled: state === 'member' })
  if (state === 'guest' || state === 'signed_out') return <NotHere />
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton rows={5} />}>
        {(data) => (data.asked ? <Asked data={data} asked={data.asked} /> : <NotAsked data={data} />)}
      </States>
    </Page>
  )
}

const moment = (iso: string) => {
  const at = new Date(iso)
  return `${dayWords(at, new Date())} ${clockText(at)}`
}

function NotAsked({ data }: { data: Cancellation }) {
  const [proving, setProving] = useState(false)
  const blocked = data.blockers.length > 0
  return (
    <View id="leave">
      <View className="hy-top">
        <View className="hy-display">走之前，先看一眼</View>
        <View className="hy-2 hy-mt1">
          {blocked
            ? '还有一件事没了结，办完就可以申请。'
            : `现在申请，${moment(data.wouldBeDueAt)} 前随时可以撤回，在那之前一切照旧。`}
        </View>
      </View>
      {data.blockers.map((blocker) => (
        <View key={blocker} className="pv-blocker">
          <Icon name="lock" size="m" />
          <View className="hy-grow">
            <View className="hy-bold">{BLOCKER_WORDS[blocker].title}</View>
            <View className="hy-caption hy-2">{BLOCKER_WORDS[blocker].way}</View>
          </View>
        </View>
      ))}
      <Losses losses={data.losses} />
      <Stays />
      {!blocked && <AllowMessage id="allow-leaving" template="leaving" title="到期前提醒我" />}
      <View className="hy-dock">
        <Button id="leave-back" block onTap={back}>
          先不注销
        </Button>
        <Button id="leave-ask" block kind="ghost" disabled={blocked} onTap={() => setProving(true)}>
          {blocked ? '现在还不能注销' : '申请注销'}
        </Button>
      </View>
      {proving && <ProveSheet ways={data.ways} onClose={() => setProving(false)} />}
    </View>
  )
}

function Asked({ data, asked }: { data: Cancellation; asked: NonNullable<Cancellation['asked']> }) {
  const stay = useCommand(async (_: undefined, requestId) => {
    await api.privacy.stay.mutate({ requestId })
    await refresh('cancellation')
  })
  return (
    <View id="leaving">
      <View className="pv-leaving">
        <Icon name="clock" size="l" />
        <View className="hy-display hy-mt2">正在注销</View>
        <View className="hy-mt1">{`${moment(asked.dueAt)} 前可以撤回`}</View>
        <View className="hy-caption hy-2 hy-mt2">
          {asked.because === 'wechat'
            ? '你的微信账号已注销，没有别的登录方式，所以会员也会注销。'
            : '在那之前一切照旧：照常积分、用券、取货。'}
        </View>
      </View>
      <View className="hy-dock pv-dock">
        {stay.fault && <FaultNote fault={stay.fault} onRetry={() => void stay.run(undefined)} />}
        <Button id="leave-stay" block busy={stay.busy} onTap={() => void stay.run(undefined)}>
          撤回申请，继续做会员
        </Button>
        {data.losses.redemptions.some(({ ready }) => ready) && (
          <Button block kind="ghost" onTap={() => go('/pages/mall/redemptions')}>
            先去取货
          </Button>
        )}
      </View>
      <Losses losses={data.losses} />
      <Stays />
    </View>
  )
}

/** What is gone for good, and what the law has us keep. */
const Stays = () => (
  <>
    <Section title="到期以后" />
    <Panel pad>
      <View className="hy-2">称呼、手机号、微信身份、生日、标签、设备和消息全部清除，会员号不再属于任何人。</View>
      <View className="hy-2 hy-mt2">交易记录按法律保留三年，只有一串编号，认不出是你；到期后也会删除。</View>
      <View className="hy-2 hy-mt2">以后再来，就是一位新会员，从零开始。</View>
    </Panel>
  </>
)
