import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// `start` is the time of the flow's first packet, which `at_ms` counts from.
    mutating func tlsSection(_ tls: TLSSnapshot, start: Timestamp) {
        object("tls") { json in json.tlsMembers(tls, start: start) }
    }

    mutating func dtlsSection(_ dtls: DTLSSnapshot, start: Timestamp) {
        object("dtls") { json in
            json.tlsMembers(dtls.tls, start: start)
            json.member("retransmitted_flights", dtls.retransmittedFlights)
            json.member("reordered_messages", dtls.reorderedMessages)
            json.member("fragments", dtls.fragments)
            json.member("cookie", dtls.cookie)
            json.member("active", dtls.active)
            json.member("srtp_profile", dtls.srtpProfile)
            if !dtls.srtpProfilesOffered.isEmpty {
                json.array("srtp_profiles_offered", dtls.srtpProfilesOffered) { $0.string($1) }
            }
            if dtls.connectionIDs.client != nil || dtls.connectionIDs.server != nil {
                json.object("connection_ids") { json in
                    json.member("client", dtls.connectionIDs.client)
                    json.member("server", dtls.connectionIDs.server)
                }
            }
        }
    }

    private mutating func tlsMembers(_ tls: TLSSnapshot, start: Timestamp) {
        member("version", tls.version)
        member("cipher_suite", tls.cipherSuite)
        member("group", tls.group)
        member("signature_algorithm", tls.signatureAlgorithm)
        member("sni", tls.serverName)
        if !tls.alpnOffered.isEmpty { array("alpn_offered", tls.alpnOffered) { $0.string($1) } }
        member("alpn", tls.alpn)
        member("ech", tls.encryptedClientHello)
        if !tls.keySharesOffered.isEmpty { array("key_shares_offered", tls.keySharesOffered) { $0.string($1) } }
        handshake(tls.handshake, start: start)
        earlyData(tls.earlyData)
        member("session_ticket", tls.sessionTicket)
        member("resumption_offered", tls.resumptionOffered)
        member("client_certificate", tls.clientCertificate)
        certificates(tls.certificates)
        member("certificate_bytes", tls.certificateBytes)
        member("ja3", tls.ja3)
        member("ja3s", tls.ja3s)
        member("ja4", tls.ja4)
        object("records") { json in
            json.member("count", tls.records.count)
            json.member("bytes", tls.records.bytes)
            json.member("overhead_bytes", tls.records.overheadBytes)
            json.member("largest_bytes", tls.records.largest)
        }
        array("alerts", tls.alerts) { json, alert in
            json.object { json in
                json.time("ts", alert.time)
                json.member("from", alert.from)
                json.member("level", alert.level)
                json.member("description", alert.description)
            }
        }
        member("key_updates", tls.keyUpdates)
        member("secrets", tls.hasSecrets)
        member("decrypted", tls.isDecrypted)
    }

    private mutating func handshake(_ handshake: HandshakeSnapshot, start: Timestamp) {
        object("handshake") { json in
            json.member("kind", handshake.kind)
            json.member("round_trips", handshake.roundTrips)
            json.milliseconds("duration_ms", handshake.duration)
            json.milliseconds("server_ms", handshake.serverTime)
            json.member("false_start", handshake.falseStart)
            json.array("timeline", handshake.timeline) { json, step in
                json.object { json in
                    json.member("step", step.step.rawValue)
                    json.member("from", step.from)
                    json.offset("at_ms", step.time - start)
                    json.member("bytes", step.bytes)
                    json.member("encrypted", step.encrypted)
                    if step.inferred { json.member("inferred", true) }
                }
            }
        }
    }

    private mutating func earlyData(_ early: EarlyDataSnapshot?) {
        guard let early else { return }
        object("early_data") { json in
            json.member("offered", true)
            json.member("accepted", early.accepted)
            json.member("bytes", early.bytes)
            json.object("replay_risk") { json in
                json.member("level", early.replayRisk)
                json.member("reason", early.reason)
                json.member("replayed", early.isReplayed)
            }
        }
    }

    private mutating func certificates(_ certificates: [CertificateSnapshot]) {
        guard !certificates.isEmpty else { return }
        array("certificates", certificates) { json, certificate in
            json.object { json in
                json.member("subject", certificate.subject)
                json.member("issuer", certificate.issuer)
                json.time("not_before", certificate.notBefore)
                json.time("not_after", certificate.notAfter)
                json.array("names", certificate.names) { $0.string($1) }
                json.member("key", certificate.key)
                json.member("serial", certificate.serial)
                json.member("fingerprint_sha256", certificate.fingerprint)
            }
        }
    }
}
