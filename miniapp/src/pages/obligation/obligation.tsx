import { View } from '@tarojs/components'
import { useRouter } from '@tarojs/taro'
import { useEffect, useState } from 'react'
import { api, type RouterOutputs } from '../../lib/api'
import { toTab } from '../../lib/nav'
import { type Read, useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { useShareCard } from '../../lib/share'
import { AllowMessage } from '../../ui/allow-message'
import { Later } from '../../ui/later'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { Earlier } from './earlier'
import { Facts, Rules } from './facts'
import { groupOf } from './group'
import { HandInForm } from './hand-in'
import { HandInState } from './hand-in-state'
import { Head } from './head'
import { NextStep } from './next-step'
import './hand-in.css'
import './obligations.css'

export type Whole = RouterOutputs['obligation']['show']

/** While a picture is being checked the page looks again, for a while. */
const LOOK_MS = 5_000
const LOOKS = 24

/** One small thing in full: how it is done, how far one is, and what is handed in for it. */
export default function ObligationPage() {
  const { state } = useSession()
  const { params } = useRouter()
  const id = params.id ?? ''
  const stranger = state === 'guest' || state === 'signed_out'
  const read = useRead(['obligation', id], () => api.obligation.show.query({ obligationId: id }), {
    keepAs: `obligation-${id}`,
    enabled: !stranger,
  })
  useShareCard({ title: read.data?.obligation.title ?? '做一件小事', path: `/pages/obligation/obligation?id=${id}` })
  useLookAgain(read)
  return (
    <Page broad onRefresh={read.reload}>
      {stranger ? (
        <Empty title="入会就能接下它" sub="都是顺手的小事" action="去入会" onAction={() => toTab('home')} />
      ) : (
        <States read={read} skeleton={<Skeleton rows={5} />}>
          {(whole) => <Shown whole={whole} />}
        </States>
      )}
    </Page>
  )
}

function useLookAgain({ data, at, reload }: Read<Whole>): void {
  const [looks, setLooks] = useState(0)
  const checking = data?.obligation.submission?.state === 'checking'
  useEffect(() => {
    if (!checking || looks >= LOOKS) return
    const timer = setTimeout(() => {
      setLooks((count) => count + 1)
      void reload()
    }, LOOK_MS)
    return () => clearTimeout(timer)
  }, [checking, looks, at])
}

function Shown({ whole: { obligation, earlier, purchases } }: { whole: Whole }) {
  const { proof, state, submission, handInRefusal, refusal } = obligation
  const [again, setAgain] = useState(false)
  const takes = proof === 'handed_in' && state !== 'open' && handInRefusal === null
  const group = groupOf(obligation)
  const writing = takes && (state !== 'rejected' || again)
  const key = `${submission?.nth ?? 0}-${state}`
  // whoever handed in begins anew with the next one
  useEffect(() => {
    if (state !== 'rejected') setAgain(false)
  }, [state])
  return (
    // each part in a View of its own: one that comes or goes hands over nothing of the others
    <View id="obligation">
      <View className="hy-cols">
        <View className="hy-col">
          <View>
            <Head obligation={obligation} />
          </View>
          <View>
            {submission && (
              <HandInState
                obligation={obligation}
                again={again}
                onAgain={takes && !again ? () => setAgain(true) : null}
              />
            )}
          </View>
          <View>
            {state === 'submitted' && (
              <AllowMessage id="allow-reviewed" template="hand_in_reviewed" title="看过以后告诉我" />
            )}
          </View>
          <View>{writing && <HandInForm key={key} obligation={obligation} purchases={purchases} />}</View>
        </View>
        <View className="hy-col">
          <Later>
            <View>
              <Facts obligation={obligation} />
              <Rules rules={obligation.rules} />
              <Earlier earlier={earlier} />
            </View>
          </Later>
        </View>
      </View>
      <View className="hy-reach__room" />
      <View>
        {!writing && group !== 'done' && (group === 'open' || !submission || refusal) && (
          <Dock obligation={obligation} />
        )}
      </View>
    </View>
  )
}

const Dock = ({ obligation }: { obligation: Whole['obligation'] }) => (
  <View className="hy-reach">
    <View className="hy-reach__in ob-dock">
      <NextStep obligation={obligation} block />
    </View>
  </View>
)
