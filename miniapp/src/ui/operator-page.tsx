import { Text, View } from '@tarojs/components'
import type { ReactNode } from 'react'
import { api, type RouterOutputs } from '../lib/api'
import { faultText } from '../lib/fault-text'
import { back, toTab } from '../lib/nav'
import { useRead } from '../lib/query'
import { useSession } from '../lib/session'
import { Icon } from './icon'
import { Page } from './page'
import { Empty, Skeleton, States } from './states'
import { tapProps } from './tap'

export type Job = NonNullable<RouterOutputs['member']['me']['staff']>

interface OperatorPageWish {
  title: string
  /** Whom it is for: operators, or the managers of a store and operators. */
  forRole?: 'manager' | 'operator'
  /** What signing in is good for. */
  signInWords: string
  className: string
  onRefresh: () => Promise<unknown>
  /** `ownNo` is the own member number of whoever looks. */
  children: (ownNo: string, job: Job) => ReactNode
}

/** A page for those who run the programme or a store: a head in browsers, and a kind word for anybody else. */
export function OperatorPage({
  title,
  forRole = 'operator',
  signInWords,
  className,
  onRefresh,
  children,
}: OperatorPageWish) {
  const { state } = useSession()
  return (
    <Page wide onRefresh={onRefresh}>
      <View className={className}>
        <Head title={title} />
        {state === 'starting' && <Skeleton />}
        {state === 'member' && <AtWork forRole={forRole}>{children}</AtWork>}
        {(state === 'guest' || state === 'signed_out') && (
          <Empty title="请先登录" sub={signInWords} action="去登录" onAction={() => toTab('home')} />
        )}
      </View>
    </Page>
  )
}

/** WeChat draws a head of its own. */
const Head = ({ title }: { title: string }) =>
  process.env.TARO_ENV === 'h5' ? (
    <View className="hy-ophead">
      <View id="head-back" className="hy-head__back" {...tapProps(back, '返回')}>
        <Icon name="back" />
      </View>
      <Text className="hy-title">{title}</Text>
    </View>
  ) : null

function AtWork({ forRole, children }: Required<Pick<OperatorPageWish, 'forRole' | 'children'>>) {
  const refused = faultText({ code: 'ROLE_NEEDED', detail: { role: forRole } })
  const read = useRead(['me'], () => api.member.me.query())
  return (
    <States read={read}>
      {({ staff, memberNo }) =>
        staff && (staff.role === 'operator' || staff.role === forRole) ? (
          children(memberNo, staff)
        ) : (
          <Empty title={refused.title} sub={refused.detail ?? ''} action="回首页" onAction={() => toTab('home')} />
        )
      }
    </States>
  )
}
