import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

@Suite struct HostDiagnosisTests {
    @Test func speaksWhileDropsRiseAndTenSecondsMore() throws {
        var diagnosis = HostDiagnosis()
        var health = CaptureHealth()
        #expect(diagnosis.evaluate(health: health, at: SampleFlows.time(0)).isEmpty)
        health.kernelDrops = 7
        let verdict = try #require(diagnosis.evaluate(health: health, at: SampleFlows.time(1)).first)
        #expect(verdict.ruleNumber == 54)
        #expect(verdict.subject == .host)
        #expect(verdict.summary.hasPrefix("7 frames were dropped"))
        #expect(diagnosis.lastDrop == SampleFlows.time(1))
        #expect(diagnosis.evaluate(health: health, at: SampleFlows.time(10)).first?.firstSeen == SampleFlows.time(1))
        #expect(diagnosis.evaluate(health: health, at: SampleFlows.time(11)).isEmpty)
    }

    @Test func whatTheInterfaceDoesNotWantIsNoBlindness() {
        var diagnosis = HostDiagnosis()
        var health = CaptureHealth()
        health.interfaceDrops = 1000
        #expect(diagnosis.evaluate(health: health, at: SampleFlows.time(0)).isEmpty)
        #expect(diagnosis.lastDrop == nil)
    }

    @Test func ownDropsCount() {
        var diagnosis = HostDiagnosis()
        var health = CaptureHealth()
        health.ownDrops = 1
        #expect(diagnosis.evaluate(health: health, at: SampleFlows.time(0)).count == 1)
    }
}
