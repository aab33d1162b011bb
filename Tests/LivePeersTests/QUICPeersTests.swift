import Foundation
import Testing

/// aioquic talks QUIC to itself on loopback while the program captures: what it prints is compared with the peers' events
/// and qlog.
@Suite(
    .serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"),
    .enabled(if: QUICConversations.isInstalled, "aioquic is not installed: docs/setup/python-peers gets it"))
struct QUICPeersTests {
    private static let connections = Result { try QUICConversations.record() }

    private func pair(_ name: String) throws -> (peer: JSONValue, flow: JSONValue) {
        try #require(try Self.connections.get()[name])
    }

    @Test("Packets by type, frames by kind, as each end logged them", arguments: QUICConversations.names)
    func counts(_ name: String) throws {
        let (peer, flow) = try pair(name)
        for type in ["initial", "handshake", "zero_rtt", "one_rtt"] {
            let sent = (peer["client", "sent", type].int ?? 0) + (peer["server", "sent", type].int ?? 0)
            #expect(flow["quic", "packets", type].int == sent, "\(name) \(type)")
        }
        #expect(flow["quic", "packets", "undecryptable"].int == 0)
        for end in ["client", "server"] {
            let logged = peer[end, "frames"]
            #expect(flow["quic", end, "frames"].keys == logged.keys, "\(name) \(end)")
            for kind in logged.keys {
                #expect(flow["quic", end, "frames", kind].int == logged[kind].int, "\(name) \(end) \(kind)")
            }
        }
    }

    @Test("Transport parameters as each end set them", arguments: QUICConversations.names)
    func parameters(_ name: String) throws {
        let (peer, flow) = try pair(name)
        for end in ["client", "server"] {
            let set = peer[end, "parameters"]
            #expect(set.keys.count > 8)
            for key in set.keys {
                #expect(flow["quic", "transport_parameters", end, key].int == set[key].int, "\(name) \(end) \(key)")
            }
        }
    }

    @Test(
        "The handshake: kind, Retry, early data",
        arguments: [("full", "full", 1), ("retry", "full", 1), ("early", "0rtt", 0), ("download", "full", 1)])
    func handshake(_ name: String, _ kind: String, _ roundTrips: Int) throws {
        let (peer, flow) = try pair(name)
        #expect(peer["received"].int == peer["size"].int)
        #expect(flow["quic", "version"].string == "1" && flow["quic", "decrypted"].bool == true)
        #expect(flow["tls", "sni"].string == "quic.example")
        #expect(flow["tls", "alpn"].string == peer["alpn"].string)
        #expect(flow["tls", "handshake", "kind"].string == kind)
        // Those of TLS; a Retry stands beside them.
        #expect(flow["tls", "handshake", "round_trips"].int == roundTrips)
        #expect(flow["quic", "retry"].bool == (name == "retry"))
        #expect(flow["quic", "retry_tag_valid"].bool == (name == "retry" ? true : nil))
        #expect((flow["tls", "early_data", "accepted"].bool ?? false) == peer["early_accepted"].bool)
        #expect((peer["resumed"].bool ?? false) == (name == "early"))
        #expect(flow["decode", "malformed"].int == 0)
    }

    @Test("A lossy download: losses, flight and round trip as the sender has them")
    func recovery() throws {
        let (peer, flow) = try pair("download")
        let logged = try #require(peer["server", "lost"].int)
        let lost = try #require(flow["quic", "server", "lost_packets"].int)
        #expect(logged > 10 && abs(lost - logged) <= 1, "\(lost) of \(logged)")
        #expect(flow["quic", "client", "lost_packets"].int == peer["client", "lost"].int)
        let flight = try #require(flow["quic", "server", "in_flight", "max_bytes"].double)
        let loggedFlight = try #require(peer["server", "max_flight"].double)
        // aioquic logs its flight when acknowledgments are read, which is later than they pass here, and not when it sends.
        #expect(abs(flight - loggedFlight) <= 0.25 * loggedFlight, "\(flight) of \(loggedFlight)")
        // The client's datagrams wait before they are sent; beyond that there is only the scheduling of this machine.
        let trips = peer["server", "rtt_ms"].array.compactMap(\.double).sorted()
        let median = try #require(trips.isEmpty ? nil : trips[trips.count / 2])
        let seen = try #require(flow["rtt", "client", "p50_ms"].double)
        #expect(flow["rtt", "client", "source"].string == "quic_ack")
        #expect(seen > 20 && seen < median * 1.05 + 1)
        #expect(seen > median * 0.5)
    }
}
