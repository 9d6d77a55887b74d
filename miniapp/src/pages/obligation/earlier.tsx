import { View } from '@tarojs/components'
import { Cell, Panel, Section, Tag } from '../../ui/blocks'
import { endWords, periodName } from './group'
import type { Whole } from './obligation'

/** What became of it in the days, weeks or months before. */
export const Earlier = ({ earlier }: { earlier: Whole['earlier'] }) =>
  earlier.length === 0 ? null : (
    <View id="earlier">
      <Section title="以前" />
      <Panel>
        {earlier.map((one) => (
          <Cell
            key={one.periodKey}
            title={periodName(one.periodKey)}
            end={
              <Tag {...(one.state === 'rewarded' || one.state === 'approved' ? { kind: 'ok' } : {})}>
                {endWords(one, new Date())}
              </Tag>
            }
          />
        ))}
      </Panel>
    </View>
  )
