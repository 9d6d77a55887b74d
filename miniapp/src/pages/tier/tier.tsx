import { View } from '@tarojs/components'
import { api } from '../../lib/api'
import { useRead } from '../../lib/query'
import { Panel } from '../../ui/blocks'
import { Ladder } from '../../ui/ladder'
import { Page } from '../../ui/page'
import { Skeleton, States } from '../../ui/states'
import { Hero } from './hero'
import { LiftAndKeep } from './lift-and-keep'
import { Rungs } from './rungs'
import { Sources } from './sources'
import './tier.css'

/** Why this tier, what lifts it, what keeps it and until when: all in numbers. */
export default function TierPage() {
  const read = useRead(['tier'], () => api.tier.explain.query(), { keepAs: 'tier' })
  return (
    <Page onRefresh={read.reload}>
      <States read={read} skeleton={<Skeleton kind="card" />}>
        {(explained) => (
          <View id="tier">
            <Hero explained={explained} />
            <Panel pad>
              <Ladder rungs={explained.ladder} tier={explained.tier} />
            </Panel>
            <LiftAndKeep explained={explained} />
            <Sources explained={explained} />
            <Rungs explained={explained} />
          </View>
        )}
      </States>
    </Page>
  )
}
