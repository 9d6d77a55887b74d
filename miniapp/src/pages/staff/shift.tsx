import { useReachBottom } from '@tarojs/taro'
import { api } from '../../lib/api'
import { toTab } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { useSession } from '../../lib/session'
import { Page } from '../../ui/page'
import { Empty, Skeleton, States } from '../../ui/states'
import { ShiftOrders } from './shift-orders'
import { ShiftTotals } from './shift-totals'
import { ShiftWays } from './shift-ways'
import './sheets.css'
import './articles.css'
import './shift.css'
import { useShift } from './use-shift'

/** Today in this store: what was rung up, in sum and one by one. */
export default function ShiftPage() {
  const { state } = useSession()
  if (state === 'member') return <Today />
  return (
    <Page>
      {state === 'starting' ? (
        <Skeleton />
      ) : (
        <Empty title="请先登录" sub="登录后，店员可以看今天的流水" action="去登录" onAction={() => toTab('home')} />
      )}
    </Page>
  )
}

function Today() {
  const me = useRead(['me'], () => api.member.me.query())
  const shift = useShift()
  const { first, orders, hasMore, busy, fault, more } = shift
  useReachBottom(() => void more())
  const job = me.data?.staff
  return (
    <Page onRefresh={first.reload}>
      <States read={first}>
        {({ totals }) => (
          <>
            <ShiftTotals totals={totals} storeName={job?.storeName ?? ''} />
            {job && <ShiftWays job={job} />}
            <ShiftOrders
              orders={orders}
              tills={job?.tills ?? []}
              ended={!hasMore}
              busy={busy}
              fault={fault}
              onMore={() => void more()}
            />
          </>
        )}
      </States>
    </Page>
  )
}
