import type { CampaignKind } from '@huiyuan/shared/campaign'
import { Text, View } from '@tarojs/components'
import Taro, { useRouter } from '@tarojs/taro'
import { type ReactNode, useState } from 'react'
import { api } from '../../lib/api'
import { refresh, useRead } from '../../lib/query'
import { aria } from '../../ui/aria'
import { Panel, Tag } from '../../ui/blocks'
import { Button } from '../../ui/button'
import { OperatorPage } from '../../ui/operator-page'
import { FaultNote, States } from '../../ui/states'
import { Views } from '../../ui/views'
import './campaign.css'
import { STATE, windowWords } from './campaign-words'
import {
  type Choices,
  checkObligation,
  checkReferral,
  type ObligationBase,
  obligationDraft,
  type ReferralBase,
  referralDraft,
} from './draft'
import type { Step } from './draft-fields'
import { History } from './history'
import { ObligationForm } from './obligation-form'
import { ReferralForm } from './referral-form'
import { StopSheet } from './stop-sheet'
import { type Saving, useForm } from './use-form'

/** One campaign or obligation: its words, terms and limits, its history, and the switch that ends it. For operators. */
export default function CampaignPage() {
  const { kind: asked, id } = useRouter().params
  const kind: CampaignKind = asked === 'obligation' ? 'obligation' : 'referral'
  return (
    <OperatorPage
      title={kind === 'referral' ? '请朋友' : '特色义务'}
      signInWords="登录后，总部运营可以在这里管理活动"
      className="cp-page"
      onRefresh={() => refresh('campaign.get', 'campaign.history')}
    >
      {() => <Campaign kind={kind} campaignId={id ?? null} />}
    </OperatorPage>
  )
}

function Campaign({ kind, campaignId }: { kind: CampaignKind; campaignId: string | null }) {
  const read = useRead(['campaign.get', kind, campaignId ?? ''], () => api.campaign.get.query({ kind, campaignId }))
  const [step, onStep] = useState<Step>('copy')
  const [saved, setSaved] = useState(false)
  const onSaved = (id: string) => {
    if (campaignId === null) void Taro.redirectTo({ url: `/pages/campaign/campaign?kind=${kind}&id=${id}` })
    else setSaved(true)
  }
  const stepping = { step, onStep, saved, onSaved }
  return (
    <States read={read}>
      {({ referral, obligation, choices }) =>
        choices ? (
          <Obligation key={obligation?.revision ?? 0} base={obligation} choices={choices} {...stepping} />
        ) : (
          <Referral key={referral?.revision ?? 0} base={referral} {...stepping} />
        )
      }
    </States>
  )
}

/** What outlives a saved form, which begins anew from what is there now. */
interface Stepping {
  step: Step
  onStep: (step: Step) => void
  saved: boolean
  onSaved: (campaignId: string) => void
}

function Referral({ base, onSaved, ...stepping }: { base: ReferralBase | null } & Stepping) {
  const form = useForm(
    referralDraft(base),
    (draft) => checkReferral(draft, base),
    (input, requestId) => api.campaign.saveReferral.mutate({ requestId, ...input }),
    onSaved,
  )
  const locked = base !== null && base.state !== 'soon'
  return (
    <Frame kind="referral" base={base && { ...base, id: base.campaignId }} form={form} {...stepping}>
      <ReferralForm step={stepping.step} locked={locked} {...form} />
    </Frame>
  )
}

type ObligationProps = { base: ObligationBase | null; choices: Choices } & Stepping

function Obligation({ base, choices, onSaved, ...stepping }: ObligationProps) {
  const form = useForm(
    obligationDraft(base),
    (draft) => checkObligation(draft, base),
    (input, requestId) => api.campaign.saveObligation.mutate({ requestId, ...input }),
    onSaved,
  )
  const locked = base !== null && base.state !== 'soon'
  return (
    <Frame kind="obligation" base={base && { ...base, id: base.obligationId }} form={form} {...stepping}>
      <ObligationForm step={stepping.step} locked={locked} choices={choices} {...form} />
    </Frame>
  )
}

interface Base {
  id: string
  title: string
  state: keyof typeof STATE
  startsAt: string
  endsAt: string | null
}

interface FrameWish extends Omit<Stepping, 'onSaved'> {
  kind: CampaignKind
  base: Base | null
  form: Dock
  children: ReactNode
}

const STEPS = [
  { view: 'copy', name: '文字' },
  { view: 'terms', name: '条件' },
  { view: 'limits', name: '限额' },
] as const
const HISTORY = { view: 'history', name: '历史' } as const

function Frame({ kind, base, form, step, onStep, saved, children }: FrameWish) {
  const [stopping, setStopping] = useState(false)
  const stopped = base?.state === 'stopped'
  return (
    <View id="campaign">
      {base && <Head base={base} />}
      {!stopped && <Views views={base ? [...STEPS, HISTORY] : STEPS} on={step} onChange={onStep} />}
      <View className="cp-view">
        {base && (stopped || step === 'history') ? (
          <History kind={kind} campaignId={base.id} />
        ) : (
          <View>
            {children}
            <SaveDock {...form} saved={saved && !form.touched} />
          </View>
        )}
      </View>
      {base && !stopped && step !== 'history' && (
        <View className="cp-stop">
          <Button id="campaign-stop" block kind="line" onTap={() => setStopping(true)}>
            停止这个活动
          </Button>
        </View>
      )}
      <View>
        {stopping && base && (
          <StopSheet kind={kind} campaignId={base.id} title={base.title} onClose={() => setStopping(false)} />
        )}
      </View>
    </View>
  )
}

const Head = ({ base }: { base: Base }) => {
  const { name, kind } = STATE[base.state]
  return (
    <View className="cp-head">
      <View className="hy-row hy-between">
        <Text className="hy-title">{base.title}</Text>
        <Tag {...(kind ? { kind } : {})}>{name}</Tag>
      </View>
      <View className="hy-caption hy-3">{windowWords(base.startsAt, base.endsAt, new Date())}</View>
    </View>
  )
}

interface Dock {
  violations: unknown[]
  problems: Record<string, string>
  touched: boolean
  save: () => Promise<void>
  saving: Saving
}

function SaveDock({ violations, problems, touched, saved, save, saving }: Dock & { saved: boolean }) {
  const wrong = Object.keys(problems).length
  const free = violations.length === 0 && wrong === 0
  // what a colleague has changed meanwhile has to be seen first
  const again = () => void (saving.fault?.code === 'CAMPAIGN_CHANGED' ? refresh('campaign.get') : save())
  return (
    <View className="hy-dock" id="save-dock">
      {violations.length > 0 && touched && (
        <View id="guard-count" className="cp-count" {...aria({ role: 'status' })}>
          {`有 ${violations.length} 处不合规，改好才能保存`}
        </View>
      )}
      {violations.length === 0 && touched && wrong > 0 && (
        <View className="cp-count cp-count--quiet">{`还有 ${wrong} 处没有填好`}</View>
      )}
      {saving.fault && <FaultNote fault={saving.fault} onRetry={again} />}
      {saved && (
        <Panel pad>
          <View id="saved" {...aria({ role: 'status' })}>
            已保存，马上生效
          </View>
        </Panel>
      )}
      <View className="hy-mt3">
        <Button
          id="campaign-save"
          block
          busy={saving.busy}
          disabled={!saving.busy && !saving.unsure && (!touched || !free)}
          onTap={() => void save()}
        >
          保存
        </Button>
      </View>
    </View>
  )
}
