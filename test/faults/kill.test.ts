import { killRounds } from './kill-rounds.fixture'

test('kill -9 of the server, then of PostgreSQL, under load: what was heard is in the books, what was not is done once', async () => {
  const report = await killRounds(['server', 'database'])
  expect(report.rounds).toBe(2)
  expect(report.heard).toBeGreaterThan(120)
  expect(report.unanswered).toBeGreaterThan(0)
})
