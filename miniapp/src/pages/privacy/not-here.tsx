import { toTab } from '../../lib/nav'
import { Page } from '../../ui/page'
import { Empty } from '../../ui/states'

/** For who is no member: nothing is kept, so nothing can be shown. */
export const NotHere = () => (
  <Page>
    <Empty
      title="这里没有你的资料"
      sub="没有入会，或已经注销：我们什么都没有留下"
      action="回首页"
      onAction={() => toTab('home')}
    />
  </Page>
)
