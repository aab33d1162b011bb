import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopView

/// Handshakes sorted by kind, their times and their failures; arrows and their round trips.
@Suite struct HandshakeSurveyTests {
    private let survey = HandshakeSurvey(SampleHandshakes.many(), .all)

    private func group(_ kind: HandshakeSurvey.Kind) -> HandshakeSurvey.Group { survey.groups[kind.rawValue] }

    @Test func kindsAreCounted() {
        #expect(survey.groups.map(\.count) == [4, 4, 40, 12, 1, 1])
        #expect(survey.underWay == 1)
        #expect(group(.helloRetry).trips == 3...3)
        #expect(group(.zeroRTT).trips == 1...1)
    }

    @Test func timesRunFromTheFirstPacketUntilTheClientMaySend() {
        #expect(group(.helloRetry).times == [96_100_000])
        #expect(group(.retry).times == [100_350_000])
        // Early data may leave with the hello.
        #expect(group(.zeroRTT).percentile(0.5) == 12_000_000)
        #expect(group(.zeroRTT).percentile(0.95) == 31_000_000)
        #expect(group(.twoRTT).percentile(0) == 40_000_000)
        #expect(HandshakeSurvey.Group(kind: .retry).percentile(0.5) == nil)
    }

    @Test func failuresHaveReasons() {
        #expect(survey.failures.map(\.count) == [2, 1, 1])
        #expect(
            survey.failures.map(\.reason) == [
                "connection reset", "alert handshake failure from the server", "the server never answered",
            ])
    }

    @Test func histogramsLoseNothing() throws {
        let scale = LogScale(try #require(survey.span))
        for group in survey.groups {
            for columns in [1, 7, 120] {
                #expect(group.histogram(columns: columns, scale).reduce(0, +) == group.times.count)
            }
        }
        let narrow = LogScale(0...0)
        #expect(narrow.column(of: 0, of: 10) == 0)
        #expect(narrow.column(of: .max, of: 10) == 9)
        #expect(LogScale(1...1024).column(of: 32, of: 10) == 5)
    }

    @Test func roundTripsAreNumberedWhileTheClientWaits() {
        let arrows = HandshakeArrow.all(of: SampleHandshakes.judged(SampleHandshakes.retried()))
        #expect(arrows.map(\.roundTrip) == [nil, 1, nil, nil, 2, nil, 3, nil, nil, nil, nil])
        #expect(arrows[6].steps.count == 5)
        #expect(arrows[6].bytes?.count == 155 + 21 + 3_105 + 79 + 36)
        #expect(arrows[1].gap == 31_900_000 && arrows[0].gap == nil)
    }

    @Test func sizesThatAreHiddenMakeALowerBound() throws {
        let arrows = HandshakeArrow.all(of: SampleHandshakes.judged(SampleHandshakes.quic()))
        #expect(arrows[0].bytes?.count == 482, "the packet is not counted beside the message in it")
        let answer = try #require(arrows.first { $0.roundTrip == 2 })
        #expect(answer.bytes?.isLeast == true && answer.bytes?.count == 123)
    }

    @Test func daysAreOfTheCalendar() {
        let day: Int64 = 86_400
        for (seconds, text) in [
            (Int64(0), "1970-01-01"), (951_782_400, "2000-02-29"), (951_782_400 + day, "2000-03-01"),
            (1_795_442_571, "2026-11-23"), (-1, "1969-12-31"), (4_102_444_799, "2099-12-31"),
        ] {
            #expect(DateText.day(Timestamp(seconds: seconds, nanoseconds: 0)) == text)
        }
    }
}
