import StreamtopBase

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
    package var ja3Text: String { String(decoding: ja3Bytes, as: UTF8.self) }

    /// The same as bytes.
    package var ja3Bytes: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(512)
        text.append(decimal: legacyVersion.rawValue)
        for list in [cipherSuites, extensionTypes, supportedGroups] {
            text.append(UInt8(ascii: ","))
            text.append(decimals: list.filter { !isGreaseValue($0) })
        }
        text.append(UInt8(ascii: ","))
        text.append(decimals: ecPointFormats.map(UInt16.init))
        return text
    }

    /// JA4 (client part only). `sha256` gives the lower-case hex digest of a text's bytes.
    package func ja4(over transport: JA4Transport, sha256: ([UInt8]) -> String) -> String {
        let suites = cipherSuites.filter { !isGreaseValue($0) }
        let extensions = extensionTypes.filter { !isGreaseValue($0) }
        let schemes = signatureAlgorithms.filter { !isGreaseValue($0) }
        var suiteText: [UInt8] = []
        suiteText.append(hexWords: suites.sorted())
        // Order tells nothing where clients shuffle; SNI and ALPN depend on the server, not on the client.
        var extensionText: [UInt8] = []
        extensionText.append(
            hexWords: extensions.filter { $0 != TLSExtensionType.serverName && $0 != TLSExtensionType.alpn }.sorted())
        if !schemes.isEmpty {
            extensionText.append(UInt8(ascii: "_"))
            extensionText.append(hexWords: schemes)
        }
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
    package var ja3sText: String { String(decoding: ja3sBytes, as: UTF8.self) }

    /// The same as bytes.
    package var ja3sBytes: [UInt8] {
        var text: [UInt8] = []
        text.append(decimal: legacyVersion.rawValue)
        text.append(UInt8(ascii: ","))
        text.append(decimal: cipherSuite)
        text.append(UInt8(ascii: ","))
        text.append(decimals: extensionTypes)
        return text
    }
}

extension [UInt8] {
    fileprivate mutating func append(decimal number: UInt16) {
        var divisor: UInt16 = 10_000
        while divisor > 1, number < divisor { divisor /= 10 }
        while divisor > 0 {  // one digit each pass
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    /// Joined by hyphens.
    fileprivate mutating func append(decimals numbers: [UInt16]) {
        for (index, number) in numbers.enumerated() {
            if index > 0 { append(UInt8(ascii: "-")) }
            append(decimal: number)
        }
    }

    /// Four digits each, joined by commas.
    fileprivate mutating func append(hexWords numbers: [UInt16]) {
        for (index, number) in numbers.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            for shift: UInt16 in [12, 8, 4, 0] {
                append(String.hexDigit(UInt8(truncatingIfNeeded: number >> shift & 15)))
            }
        }
    }
}

private func twoDigits(_ count: Int) -> String { count < 10 ? "0\(count)" : String(min(count, 99)) }

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        true
    default: false
    }
}
