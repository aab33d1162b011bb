import StreamtopBase
import Testing

@testable import StreamtopEngine

/// When a capture is held to be of one direction.
@Suite struct CaptureDirectionsTests {
    private func server(_ number: UInt32) -> IPAddress { IPAddress(v4: 0xC000_0200 + number) }

    @Test func severalSilentServersAreTheCapture() {
        var directions = CaptureDirections()
        #expect(!directions.isOneWay)
        for number in 1...3 { directions.ask(server(UInt32(number))) }
        #expect(directions.isOneWay)
    }

    @Test func oneDeadServiceIsNot() {
        var directions = CaptureDirections()
        for _ in 0..<40 { directions.ask(server(1)) }
        #expect(!directions.isOneWay)
    }

    @Test func oneAnswerSettlesIt() {
        var directions = CaptureDirections()
        for number in 1...3 { directions.ask(server(UInt32(number))) }
        directions.answer()
        for number in 4...9 { directions.ask(server(UInt32(number))) }
        #expect(!directions.isOneWay)
    }

    @Test func groupsNeverAnswer() {
        var directions = CaptureDirections()
        for number in 1...9 { directions.ask(IPAddress(v4: 0xE000_0000 + UInt32(number))) }
        #expect(!directions.isOneWay)
    }
}
