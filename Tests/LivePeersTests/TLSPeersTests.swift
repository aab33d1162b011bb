import Foundation
import Testing

/// `openssl s_client` and `s_server` talk on loopback while the program captures: what it prints is compared with what they
/// print, message by message.
@Suite(.serialized, .enabled(if: LiveCapture.hindrance == nil, "no permission to capture on lo"))
struct TLSPeersTests {
    /// One connection as the client prints it and as the program prints it.
    private static let connections = Result { try TLSConversations.record() }

    private func pair(_ name: String) throws -> (peer: OpenSSLTranscript, flow: JSONValue) {
        try #require(try Self.connections.get()[name])
    }

    @Test("Every handshake message, its length and its direction", arguments: TLSConversations.names)
    func messages(_ name: String) throws {
        let (peer, flow) = try pair(name)
        for fromClient in [true, false] {
            #expect(!peer.steps(fromClient: fromClient).isEmpty || name == "refused")
            #expect(steps(of: flow, fromClient: fromClient) == peer.steps(fromClient: fromClient), "\(name)")
        }
    }

    @Test("What was agreed", arguments: TLSConversations.names.filter { $0 != "refused" })
    func agreement(_ name: String) throws {
        let (peer, flow) = try pair(name)
        let tls = flow[name == "dtls12" ? "dtls" : "tls"]
        #expect(tls["version"].string == peer.version.map { String($0.drop { !$0.isNumber }) })
        #expect(tls["cipher_suite"].string == peer.cipher.flatMap { TLSConversations.standardNames[$0] })
        #expect(tls["alpn"].string == peer.alpn)
        #expect(tls["decrypted"].bool == true && tls["secrets"].bool == true)
        #expect((tls["handshake", "duration_ms"].double ?? 0) > 0)
        if let group = peer.group {
            let names = ["X25519": "x25519", "prime256v1": "secp256r1", "P-256": "secp256r1"]
            #expect(tls["group"].string == names[group], "\(group)")
        }
        let expected = TLSConversations.expectations[name]
        #expect(tls["handshake", "kind"].string == expected?.kind)
        #expect(tls["handshake", "round_trips"].int == expected?.roundTrips)
        #expect(["psk", "resumed", "0rtt"].contains(expected?.kind) == peer.isResumed)
        if name != "dtls12" { #expect(tls["sni"].string == "peer.example") }
        if !peer.isResumed {
            #expect(tls["certificates"].array.first?["subject"].string == "CN=peer.example")
            #expect(tls["certificates"].array.first?["key"].string == "RSA 2048")
        }
        #expect(flow["decode", "malformed"].int == 0)
    }

    @Test("Early data: what the client sent, that the server took it, that repeating it would be unsafe")
    func earlyData() throws {
        let (peer, flow) = try pair("early")
        let early = flow["tls", "early_data"]
        #expect(peer.earlyData == "accepted")
        #expect(early["offered"].bool == true && early["accepted"].bool == true)
        #expect(early["bytes"].int == TLSConversations.earlyRequest.utf8.count)
        #expect(early["replay_risk", "level"].string == "unsafe")
        #expect(early["replay_risk", "replayed"].bool == false)
    }

    @Test("A client certificate was asked for and shown")
    func clientCertificate() throws {
        #expect(try pair("client-certificate").flow["tls", "client_certificate"].bool == true)
        #expect(try pair("full").flow["tls", "client_certificate"].bool == false)
    }

    @Test("Key updates of both ends are followed: what comes after them is read")
    func keyUpdate() throws {
        let (peer, flow) = try pair("key-update")
        #expect(peer.keyUpdates == 2)
        #expect(flow["tls", "key_updates"].int == peer.keyUpdates)
        // The alert is under the updated keys.
        #expect(flow["tls", "alerts"].array.first?["description"].string == "close_notify")
    }

    @Test("A refused version ends in the alert that the client printed")
    func refused() throws {
        let (peer, flow) = try pair("refused")
        let alert = try #require(peer.alerts.first { !$0.fromClient })
        let seen = flow["tls", "alerts"].array.map { "\($0["level"].string ?? "") \($0["description"].string ?? "")" }
        #expect(seen == [alert.text.replacingOccurrences(of: " protocol version", with: " protocol_version")])
        #expect(flow["tls", "handshake", "kind"].string == "incomplete")
    }

    @Test("DTLS: cookie and SRTP profile")
    func datagrams() throws {
        let (peer, flow) = try pair("dtls12")
        let verify = flow["dtls", "handshake", "timeline"].array.first { $0["step"].string == "hello_verify_request" }
        #expect(verify?["bytes"].int == peer.steps(fromClient: false).first?.bytes)
        #expect(peer.srtpProfile == "SRTP_AES128_CM_SHA1_80")
        #expect(flow["dtls", "srtp_profile"].string == "SRTP_AES128_CM_HMAC_SHA1_80")
    }
}
