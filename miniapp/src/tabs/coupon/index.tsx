import { View } from '@tarojs/components'
import { useState } from 'react'
import { JoinSheet } from '../../join/join-sheet'
import { SignInWays } from '../../join/sign-in-ways'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Button } from '../../ui/button'
import { Page } from '../../ui/page'
import { Empty, States } from '../../ui/states'
import { ClaimableTickets } from './claimable'
import { Coming } from './coming'
import './coupon.css'
import { MyTickets } from './mine'

/** Coupons: those one may take, those one has, and what became of the others. */
export default function CouponTab() {
  const { state } = useSession()
  const [joining, setJoining] = useState(false)
  return (
    <>
      {state === 'member' ? (
        <Mine />
      ) : (
        <Page tab="coupon">
          {state === 'starting' ? <Coming /> : <NotYet guest={state === 'guest'} onJoin={() => setJoining(true)} />}
        </Page>
      )}
      <JoinSheet open={joining} onClose={() => setJoining(false)} />
    </>
  )
}

const NotYet = ({ guest, onJoin }: { guest: boolean; onJoin: () => void }) => (
  <View>
    <Empty title="券都收在这里" sub="入会就能领，结账时自动用最划算的那张" />
    {guest ? (
      <Button id="join-open" block onTap={onJoin}>
        领取会员卡
      </Button>
    ) : (
      <SignInWays />
    )}
  </View>
)

function Mine() {
  const read = useRead(['coupons'], () => api.coupon.list.query(), { keepAs: 'coupons' })
  return (
    <Page tab="coupon" onRefresh={read.reload}>
      <States read={read} skeleton={<Coming />}>
        {(list) => (
          <>
            <ClaimableTickets claimable={list.claimable} />
            <MyTickets list={list} />
          </>
        )}
      </States>
    </Page>
  )
}
