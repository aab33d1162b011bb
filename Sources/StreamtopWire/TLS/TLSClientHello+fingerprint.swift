/// What carried a hello, as JA4 names it.
package enum JA4Transport: Character, Sendable {
    case tcp = "t"
    case quic = "q"
    case dtls = "d"
}

/// Fingerprint texts. Hashing them is the caller's part: this room has no cryptography.
extension TLSClientHello {
    /// JA3's text, whose MD5 is the fingerprint: version, cipher suites, extensions, groups and point formats in decimal,
    /// GREASE left out.
    package var ja3Text: String {
        let lists = [
            cipherSuites.filter { !isGreaseValue($0) }.map(String.init),
            extensionTypes.filter { !isGreaseValue($0) }.map(String.init),
            supportedGroups.filter { !isGreaseValue($0) }.map(String.init),
            ecPointFormats.map(String.init),
        ]
        return ([String(legacyVersion.rawValue)] + lists.map { $0.joined(separator: "-") }).joined(separator: ",")
    }

    /// JA4 (client part only). `sha256` gives the lower-case hex digest of a text.
    package func ja4(over transport: JA4Transport, sha256: (String) -> String) -> String {
        let suites = cipherSuites.filter { !isGreaseValue($0) }
        let extensions = extensionTypes.filter { !isGreaseValue($0) }
        let suiteText = suites.map(hexDigits).sorted().joined(separator: ",")
        // Order tells nothing where clients shuffle; SNI and ALPN depend on the server, not on the client.
        let stable = extensions.filter { $0 != TLSExtensionType.serverName && $0 != TLSExtensionType.alpn }
        let schemes = signatureAlgorithms.filter { !isGreaseValue($0) }.map(hexDigits).joined(separator: ",")
        let extensionText =
            stable.map(hexDigits).sorted().joined(separator: ",") + (schemes.isEmpty ? "" : "_" + schemes)
        let named = extensionTypes.contains(TLSExtensionType.serverName)
        let head =
            "\(transport.rawValue)\(ja4Version)\(named ? "d" : "i")\(twoDigits(suites.count))\(twoDigits(extensions.count))\(ja4ALPN)"
        let none = "000000000000"
        let suiteHash = suites.isEmpty ? none : String(sha256(suiteText).prefix(12))
        let extensionHash = extensions.isEmpty ? none : String(sha256(extensionText).prefix(12))
        return "\(head)_\(suiteHash)_\(extensionHash)"
    }

    private var ja4Version: String {
        switch highestVersion {
        case .tls13: "13"
        case .tls12: "12"
        case .tls11: "11"
        case .tls10: "10"
        case .ssl3: "s3"
        case .dtls10: "d1"
        case .dtls12: "d2"
        case .dtls13: "d3"
        default: "00"
        }
    }

    /// First and last character of the first ALPN name; where one is not alphanumeric, first and last hex digit.
    private var ja4ALPN: String {
        guard let name = alpnBytes.first, let first = name.first, let last = name.last else { return "00" }
        if isAlphanumeric(first), isAlphanumeric(last) {
            return String(decoding: [first, last], as: UTF8.self)
        }
        return String(first >> 4, radix: 16) + String(last & 15, radix: 16)
    }
}

extension TLSServerHello {
    /// JA3S's text, whose MD5 is the fingerprint: version, cipher suite and extensions in decimal.
    package var ja3sText: String {
        "\(legacyVersion.rawValue),\(cipherSuite),\(extensionTypes.map(String.init).joined(separator: "-"))"
    }
}

private func hexDigits(_ number: UInt16) -> String { String(hexText(number).dropFirst(2)) }

private func twoDigits(_ count: Int) -> String { count < 10 ? "0\(count)" : String(min(count, 99)) }

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
    default: false
    }
}
