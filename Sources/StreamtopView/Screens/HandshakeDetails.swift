import StreamtopBase
import StreamtopModel

/// What a handshake agreed on, who the server said it is, and what QUIC's ends told each other.
enum HandshakeDetails {
    private static let expiresSoon: Nanoseconds = .seconds(14 * 86_400)

    static func groups(_ flow: FlowSnapshot, _ security: TLSSnapshot) -> [FactGroup] {
        var groups = [agreed(flow, security), certificate(flow, security)]
        if let quic = flow.quic {
            groups += [
                connection(quic), parameters(quic.clientParameters, .fromClient),
                parameters(quic.serverParameters, .fromServer),
            ]
        }
        return groups
    }

    private static func agreed(_ flow: FlowSnapshot, _ security: TLSSnapshot) -> FactGroup {
        var group = FactGroup(Words.securityGroup)
        group.add(Words.version, security.version.map { (flow.dtls == nil ? "TLS " : "DTLS ") + $0 })
        group.add(Words.cipher, security.cipherSuite)
        group.add(Words.keyGroup, security.group)
        group.add(Words.serverName, security.serverName)
        let offers = security.alpnOffered.joined(separator: " ")
        group.add(
            Words.applicationProtocol,
            [
                security.alpn.map { TextSpan($0, .value) } ?? TextSpan(Words.unknown, .unknown),
                TextSpan(offers.isEmpty ? "" : "  \(Words.offered) \(offers)", .muted),
            ])
        let isResumed = [.resumed, .psk, .zeroRTT].contains(security.handshake.kind)
        let resumption = isResumed ? Words.yes : security.resumptionOffered.map { $0 ? Words.offered : Words.no }
        group.add(Words.resumption, resumption, .text)
        group.add(Words.ticket, Words.yesNo(security.sessionTicket), .text)
        group.add(Words.clientCertificate, Words.yesNo(security.clientCertificate), .text)
        if let early = security.earlyData {
            group.add(Words.earlyDataLabel, Words.earlyData(early), early.isReplayed ? .act : .text)
        }
        if let dtls = flow.dtls {
            group.add(Words.srtp, dtls.srtpProfile, .text)
        }
        let secrets = Words.secrets(security)
        group.add(Words.secretsLabel, secrets.text, secrets.role)
        for alert in security.alerts.prefix(4) {
            group.add(Words.alertLabel, Words.alert(alert), alert.level == "fatal" ? .act : .text)
        }
        if let ja4 = security.ja4 { group.add(Words.fingerprint, ja4, .muted) }
        return group
    }

    private static func certificate(_ flow: FlowSnapshot, _ security: TLSSnapshot) -> FactGroup {
        var group = FactGroup(Words.certificateGroup)
        guard let certificate = security.certificates.first else {
            group.add(Words.chainLabel, security.certificateBytes.map { ByteText.short($0) + "B" })
            return group
        }
        group.add(Words.subjectLabel, certificate.subject)
        group.add(Words.issuer, certificate.issuer, .text)
        if let end = certificate.notAfter {
            let left = end - flow.end
            group.add(
                Words.validUntil,
                [
                    TextSpan(DateText.day(end), .value),
                    TextSpan("  " + Words.daysLeft(left), left < 0 ? .act : left < expiresSoon ? .watch : .label),
                ])
        } else {
            group.add(Words.validUntil, nil)
        }
        group.add(Words.keyLabel, certificate.key, .text)
        if !certificate.names.isEmpty {
            group.addSentence(Words.namesLabel, certificate.names.prefix(12).joined(separator: " "), .text)
        }
        let size = security.certificateBytes.map { "  \(ByteText.short($0))B" } ?? ""
        group.add(Words.chainLabel, "\(security.certificates.count)\(size)", .text)
        return group
    }

    private static func connection(_ quic: QUICSnapshot) -> FactGroup {
        var group = FactGroup(Words.quicGroup)
        let offers = quic.versionsOffered.joined(separator: " ")
        group.add(
            Words.version,
            [
                quic.version.map { TextSpan($0, .value) } ?? TextSpan(Words.unknown, .unknown),
                TextSpan(offers.isEmpty ? "" : "  \(Words.offered) \(offers)", .muted),
            ])
        group.add(Words.retryLabel, quic.hasRetry ? Words.yes : Words.no, quic.hasRetry ? .watch : .text)
        if let ratio = quic.amplificationRatio {
            var text = NumberText.fixed(ratio, decimals: 2) + "×"
            if let blocked = quic.amplificationBlocked, blocked > 0 {
                text += "  stood still " + DurationText.withUnit(blocked)
            }
            group.add(Words.amplification, text, quic.amplificationBlocked ?? 0 > 0 ? .watch : .text)
        }
        if !quic.migrations.isEmpty { group.add(Words.migrations, "\(quic.migrations.count)", .text) }
        if let close = quic.close { group.add(Words.endedLabel, Words.close(close), .text) }
        return group
    }

    private static func parameters(_ parameters: [QUICParameter], _ direction: Direction) -> FactGroup {
        var group = FactGroup(Words.parametersGroup(direction))
        for parameter in parameters.prefix(24) {
            group.add(Words.spaced(parameter.name), Words.parameter(parameter.value), .text)
        }
        return group
    }
}
