import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopDiagnosis

@Suite struct ScoreTests {
    @Test func unknownIsNotGood() {
        let flow = SampleFlows.spoiled {
            $0.tcp = nil
            $0.roundTrip = FlowRoundTrip()
            $0.queueDelay = BothDirections(client: nil, server: nil)
        }
        #expect(FlowDiagnosis.score(flow) == nil)
    }

    @Test func healthyIsAHundred() {
        #expect(FlowDiagnosis.score(SampleFlows.healthy())?.value == 100)
    }

    @Test func theWorstDimensionCounts() {
        let flow = SampleFlows.spoiled {
            $0.queueDelay.client = SampleFlows.queue(64)  // 80
            $0.tcp?.server.lossRatio = 0.02  // 100 * (5 - 2) / 4.9
        }
        let score = FlowDiagnosis.score(flow)
        #expect(score?.worst == .loss)
        #expect(abs((score?.value ?? 0) - 61.22) < 0.01)
    }

    @Test(arguments: [(5, 100.0), (300, 0), (152, 100 * 148.0 / 295), (1000, 0)])
    func queueDelayIsLinear(milliseconds: Int64, value: Double) {
        let flow = SampleFlows.spoiled { $0.queueDelay.client = SampleFlows.queue(milliseconds) }
        #expect(abs((FlowDiagnosis.score(flow)?.value ?? -1) - value) < 1e-9)
    }

    @Test func tooFewSamplesDoNotCount() {
        let flow = SampleFlows.spoiled {
            $0.roundTrip.client = SampleFlows.trip(10, samples: 19)
            $0.roundTrip.server = SampleFlows.trip(20, samples: 19)
            $0.queueDelay.client = SampleFlows.queue(300)
        }
        #expect(FlowDiagnosis.score(flow)?.value == 100)
    }

    @Test func aReceiverThatLimits() {
        let flow = SampleFlows.spoiled {
            $0.tcp?.server.limitedBy = LimitShares(network: .seconds(4), receiver: .seconds(6), application: 0)
        }
        #expect(FlowDiagnosis.score(flow) == HealthScore(value: 0, worst: .limits))
    }

    @Test func aSlowHandshake() {
        let flow = SampleFlows.spoiled { $0.roundTrip.handshake = .seconds(3) }
        #expect(FlowDiagnosis.score(flow) == HealthScore(value: 0, worst: .handshake))
    }
}
