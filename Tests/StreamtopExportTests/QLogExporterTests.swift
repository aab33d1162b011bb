import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopExport

@Suite struct QLogExporterTests {
    private func flow(quic: Bool) -> FlowSnapshot {
        func end(_ last: UInt32, _ port: UInt16) -> EndpointSnapshot {
            EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0x0a00_0000 | last), port: port))
        }
        let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: 3), transport: quic ? .udp : .tcp, protocols: [], communityID: "1:x",
            client: end(1, 50_000), server: end(2, 443), orientation: .firstPacket, start: start,
            end: start + .seconds(2), state: .closed)
        var sample = FlowSample(time: start + .seconds(1))
        sample.roundTrip = BothWays(client: .milliseconds(1), server: .milliseconds(40))
        sample.inFlight.server = 12_000
        sample.congestionWindow.server = 24_000
        sample.losses.server = 2
        flow.series = FlowSeries(interval: .seconds(1), samples: [sample])
        guard quic else {
            flow.tcp = TCPSnapshot()
            return flow
        }
        var connection = QUICSnapshot()
        connection.version = "1"
        connection.originalDestinationID = "0102"
        connection.clientParameters = [QUICParameter(name: "initial_max_data", value: .number(9))]
        connection.close = QUICClose(
            code: 0, isApplication: true, reason: "bye", by: .fromClient, time: start + .milliseconds(1_900))
        flow.quic = connection
        return flow
    }

    /// Each record is a separator, one JSON object and a line feed.
    private func records(_ flow: FlowSnapshot) throws -> [[String: Any]] {
        var bytes: [UInt8] = []
        QLogExporter().append(flow, to: &bytes)
        let texts = bytes.split(separator: 0x1e, omittingEmptySubsequences: false)
        #expect(texts.first?.isEmpty == true)
        return try texts.dropFirst().map { text in
            #expect(text.last == 0x0a)
            return try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
        }
    }

    @Test func quicConnection() throws {
        let list = try records(flow(quic: true))
        #expect(list.first?["file_schema"] as? String == "urn:ietf:params:qlog:file:sequential")
        let events = list.dropFirst()
        let times = events.compactMap { $0["time"] as? Double }
        #expect(times.count == events.count)
        #expect(times == times.sorted())
        let names = events.compactMap { $0["name"] as? String }
        #expect(
            names == [
                "quic:connection_started", "quic:version_information", "quic:parameters_set",
                "quic:recovery_metrics_updated", "quic:recovery_metrics_updated", "streamtop:packets_lost",
                "quic:connection_closed",
            ])
        let metrics = try #require(events.first { ($0["data"] as? [String: Any])?["sender"] as? String == "server" })
        let data = try #require(metrics["data"] as? [String: Any])
        #expect(data["smoothed_rtt"] as? Double == 41)
        #expect(data["bytes_in_flight"] as? Int == 12_000)
        #expect(data["congestion_window"] as? Int == 24_000)
        #expect(QLogExporter().fileName(flow(quic: true)) == "f3-quic-0102.sqlog")
    }

    @Test func tcpConnection() throws {
        let names = try records(flow(quic: false)).compactMap { $0["name"] as? String }
        #expect(names.first == "tcp:connection_started")
        #expect(names.last == "tcp:connection_closed")
        #expect(QLogExporter().fileName(flow(quic: false)) == "f3-tcp.sqlog")
    }

    @Test func otherFlowsHaveNone() {
        var other = flow(quic: false)
        other.tcp = nil
        #expect(!QLogExporter().accepts(other))
    }
}
