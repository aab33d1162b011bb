import StreamtopBase
import StreamtopCrypto
import StreamtopWire

extension SecurityTables {
    /// Grows with every secret that comes; nil when there are none and none will come.
    package var secretGeneration: Int? { secrets?.generation }
}

/// Keys for media that a DTLS handshake agrees on (RFC 5764).
extension DTLSConnectionTracker {
    /// An SRTP profile was agreed on, or offered while the answer is encrypted: the media of these ports is protected.
    package var protectsMedia: Bool {
        facts.srtpProfile != nil || (facts.isVersion13 && !facts.srtpProfilesOffered.isEmpty)
    }

    /// Master keys of both ends of DTLS by its exporter (RFC 5705, RFC 8446 section 7.5); nil without the secret or a profile
    /// that is known.
    package func mediaKeys(_ tables: borrowing SecurityTables) -> (protection: SRTPProtection, keys: SRTPMasterKeys)? {
        guard let profile = facts.srtpProfile.map({ SRTPProfile(rawValue: $0) }),
            let protection = SRTPProtection(profile),
            let random = facts.clientRandom, let known = tables.secrets?[random], let cipher = facts.cipher
        else { return nil }
        let length = SRTPMasterKeys.exportedLength(protection)
        let exported: [UInt8]
        if facts.isVersion13 {
            guard let secret = known[.exporter] else { return nil }
            // DTLS 1.3 keeps TLS's derivation with its own prefix (RFC 9147 section 5.9).
            let derivation = HKDF(cipher.hash)
            let empty = cipher.hash.hash([])
            let derived = derivation.expandLabel(
                secret, SRTPMasterKeys.exporterLabel, context: empty, length: cipher.hash.digestLength, prefix: "dtls13"
            )
            exported = derivation.expandLabel(
                derived, "exporter", context: empty, length: length, prefix: "dtls13")
        } else {
            guard let master = known[.master], let server = facts.serverRandom else { return nil }
            exported = TLSPseudorandomFunction.hash(cipher.hash).derive(
                secret: master, label: SRTPMasterKeys.exporterLabel, seed: random.bytes + server.bytes, length: length)
        }
        // By the flow's ends, whoever was the client of DTLS.
        return SRTPMasterKeys(protection, exported: exported).map { (protection, isReversed ? $0.reversed : $0) }
    }
}
