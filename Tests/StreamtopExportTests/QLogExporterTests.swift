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
            identifier: FlowIdentifier(number: 3), transport: quic ? .udp : .tcp, protocols: [],
            protocolNumber: quic ? 17 : 6,
            client: end(1, 50_000), server: end(2, 443), orientation: .firstPacket, start: start,
            end: start + .seconds(2), state: .closed)
        var sample = FlowSample(time: start + .seconds(1))
        sample.roundTrip = BothDirections(client: .milliseconds(1), server: .milliseconds(40))
        sample.inFlight.server = 12_000
        sample.congestionWindow.server = 24_000
        sample.losses.server = 2
        flow.series = MetricSeries(interval: .seconds(1), samples: [sample])
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
        var buffer = RecordBuffer()
        QLogExporter().append(flow, to: &buffer)
        let texts = Array(buffer.text.utf8).split(separator: 0x1e, omittingEmptySubsequences: false)
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

    @Test func openedPackets() throws {
        var flow = flow(quic: true)
        let start = flow.start
        flow.quic?.packetLog = [
            QUICPacketRecord(
                time: start, direction: .fromClient, kind: .initial, number: 0, size: 1_200,
                frames: [.crypto(offset: 0, length: 300), .padding(count: 880)]),
            QUICPacketRecord(
                time: start + .milliseconds(40), direction: .fromServer, kind: .oneRTT, number: 7, size: 90,
                frames: [
                    .ack(ranges: [9...12, 4...4], delay: .milliseconds(2)),
                    .stream(4, offset: 1_000, length: 50, isLast: true), .maxStreams(isBidirectional: false, 8),
                    .resetStream(stream: 8, code: 0x10c, size: 5), .other(type: 0xaf),
                ]),
        ]
        flow.quic?.packetsNotLogged = 5
        let all = try records(flow)
        let notLogged = all.first { $0["name"] as? String == "streamtop:packets_not_logged" }
        #expect((notLogged?["data"] as? [String: Any])?["count"] as? Int == 5)
        let events = all.filter { ($0["name"] as? String)?.contains(":packet_") == true }
        #expect(events.map { $0["name"] as? String } == ["quic:packet_sent", "quic:packet_received"])
        let data = try events.map { try #require($0["data"] as? [String: Any]) }
        let first = try #require(data.first)
        let header = try #require(first["header"] as? [String: Any])
        #expect(header["packet_type"] as? String == "initial" && header["packet_number"] as? Int == 0)
        #expect((first["raw"] as? [String: Any])?["length"] as? Int == 1_200)
        let frames = try data.map { try #require($0["frames"] as? [[String: Any]]) }
        #expect(frames[0].map { $0["frame_type"] as? String } == ["crypto", "padding"])
        #expect((frames[0][0]["raw"] as? [String: Any])?["length"] as? Int == 300)
        #expect((frames[0][1]["raw"] as? [String: Any])?["payload_length"] as? Int == 880)
        #expect(frames[1][0]["acked_ranges"] as? [[Int]] == [[9, 12], [4]])
        #expect(frames[1][0]["ack_delay"] as? Double == 2)
        #expect(frames[1][1]["stream_id"] as? Int == 4 && frames[1][1]["fin"] as? Bool == true)
        #expect(frames[1][2]["stream_type"] as? String == "unidirectional" && frames[1][2]["maximum"] as? Int == 8)
        #expect(frames[1][3]["error"] as? String == "unknown" && frames[1][3]["error_code"] as? Int == 0x10c)
        #expect(frames[1][4]["frame_type_bytes"] as? Int == 0xaf)
    }

    /// Every frame is an object with a type of the draft's list.
    @Test func everyFrameHasItsType() throws {
        let all: [QUICFrameRecord] = [
            .padding(count: 1), .ping, .ack(ranges: [1...1], delay: 0), .resetStream(stream: 0, code: 1, size: 2),
            .stopSending(stream: 0, code: 1), .crypto(offset: 0, length: 1), .newToken(length: 9),
            .stream(0, offset: 0, length: 0, isLast: false), .maxData(1), .maxStreamData(stream: 0, 1),
            .maxStreams(isBidirectional: true, 1), .dataBlocked(limit: 1), .streamDataBlocked(stream: 0, limit: 1),
            .streamsBlocked(isBidirectional: true, limit: 1),
            .newConnectionID(sequence: 1, retirePriorTo: 0, identifier: "aabb"), .retireConnectionID(sequence: 1),
            .pathChallenge, .pathResponse, .connectionClose(code: 0, isApplication: true), .handshakeDone,
            .datagram(length: 4), .other(type: 0x1f),
        ]
        var flow = flow(quic: true)
        let start = flow.start
        flow.quic?.packetLog = [
            QUICPacketRecord(
                time: start, direction: .fromClient, kind: .oneRTT, number: 1, size: 1_200, frames: all)
        ]
        let packet = try #require(try records(flow).first { $0["name"] as? String == "quic:packet_sent" })
        let frames = (packet["data"] as? [String: Any])?["frames"] as? [[String: Any]]
        let names = frames?.compactMap { $0["frame_type"] as? String } ?? []
        #expect(names.count == all.count)
        #expect(Set(names).count == all.count)
        #expect(names.last == "unknown" && names.first == "padding")
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
