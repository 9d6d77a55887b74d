import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { go } from '../../lib/nav'
import { useRead } from '../../lib/query'
import { AllowMessage } from '../../ui/allow-message'
import { Cell, Panel } from '../../ui/blocks'
import { Ladder } from '../../ui/ladder'
import { Later } from '../../ui/later'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { broughtBy } from './brought'
import { Footsteps } from './footsteps'
import { Hero } from './hero'
import { Leaving } from './leaving'
import { LiftAndKeep } from './lift-and-keep'
import { News } from './news'
import { Rungs } from './rungs'
import { Sources } from './sources'
import './tier.css'

/** Why this tier, what lifts it, what keeps it and until when: all in numbers. */
export default function TierPage() {
  const read = useRead(['tier'], () => api.tier.explain.query(), { keepAs: 'tier' })
  // the page is whole without them: the rungs then say what they take, and not yet what they bring
  const rights = useRead(['rights'], () => api.right.list.query(), { keepAs: 'rights' })
  const brought = broughtBy(rights.data?.rights ?? [])
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton kind="card" />}>
        {(explained) => (
          <View id="tier">
            <News explained={explained} />
            <Hero explained={explained} />
            <Panel pad>
              <Ladder rungs={explained.ladder} tier={explained.tier} />
            </Panel>
            <LiftAndKeep explained={explained} />
            <View id="tier-rights" className="hy-mt4">
              <Panel>
                <Cell
                  id="rights-open"
                  icon="spark"
                  title="我的权益"
                  sub="会员价、早享和服务，哪些现在能用"
                  onTap={() => go('/pages/right/rights')}
                />
              </Panel>
            </View>
            <Sources explained={explained} />
            <Later>
              <Leaving explained={explained} />
              <Later>
                <Footsteps explained={explained} />
                <Later>
                  <Rungs explained={explained} brought={brought} />
                  {explained.keep && <AllowMessage template="tier_ending" title="等级快到期时告诉我" id="allow-tier" />}
                </Later>
              </Later>
            </Later>
          </View>
        )}
      </States>
    </Page>
  )
}
