import Testing

@testable import StreamtopExport

extension RecordBuffer {
    /// What was written, as text.
    var text: String {
        unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

@Suite struct RecordBufferTests {
    private func written(_ write: (inout RecordBuffer) -> Void) -> String {
        // So small that every test makes it grow.
        var buffer = RecordBuffer(capacity: 1)
        write(&buffer)
        return buffer.text
    }

    /// Both sides of every power of ten, where the number of digits changes and pairs turn into single ones.
    @Test func decimalsAtEveryPowerOfTen() {
        var power: UInt64 = 1
        for _ in 0..<20 {
            for value in [power - 1, power, power + 1, power &* 9, power &* 5 + 7] {
                #expect(written { $0.append(decimal: value) } == "\(value)")
            }
            power &*= 10
        }
        #expect(written { $0.append(decimal: .max) } == "18446744073709551615")
    }

    @Test func everyPairOfDigits() {
        for value in UInt64(0)..<10_000 {
            #expect(written { $0.append(decimal: value) } == "\(value)")
        }
    }

    @Test func widthsKeepZerosInFront() {
        #expect(written { $0.append(decimal: 7, width: 1) } == "7")
        #expect(written { $0.append(decimal: 7, width: 2) } == "07")
        #expect(written { $0.append(decimal: 7, width: 9) } == "000000007")
        #expect(written { $0.append(decimal: 2024, width: 4) } == "2024")
        #expect(written { $0.append(decimal: 12_345, width: 3) } == "345")
        #expect(written { $0.append(decimal: .max, width: 20) } == "18446744073709551615")
    }

    @Test(
        arguments: [
            (0, ""), (1, ".000001"), (10, ".00001"), (100, ".0001"), (1_000, ".001"), (10_000, ".01"), (100_000, ".1"),
            (999_999, ".999999"), (500_000, ".5"), (120_300, ".1203"), (909_090, ".90909"), (99, ".000099"),
        ] as [(UInt64, String)])
    func millionths(value: UInt64, text: String) {
        for whole: UInt64 in [
            0, 1, 9, 10, 90, 99, 100, 101, 909, 999, 1_000, 12_345_678, 99_999_999, 100_000_000, 9_007_199_254_740,
            18_446_744_073_708,
        ] {
            #expect(written { $0.append(inMillionths: whole * 1_000_000 + value) } == "\(whole)\(text)")
        }
    }

    @Test func namesAndText() {
        #expect(written { $0.append(name: "a_name", withComma: false) } == "\"a_name\":")
        #expect(written { $0.append(name: "a_name", withComma: true) } == ",\"a_name\":")
        #expect(written { $0.append(literal: "é literal") } == "é literal")
        #expect(
            written { $0.append("a string of more than fifteen bytes") }
                == "a string of more than fifteen bytes")
    }

    /// Every length from nothing to three words and a bit, and in each every place for the byte that needs an escape.
    @Test func plainTextIsQuotedAndOtherTextLeavesNoTrace() {
        let scalars = Array("aß日~ !#[]^{}ÿ0123456789abcdefghijklmno".unicodeScalars)
        func text(_ scalars: some Sequence<Unicode.Scalar>) -> String { String(scalars.map { Character($0) }) }
        for length in 0..<28 {
            let plain = text(scalars[..<length])
            #expect(written { _ = $0.append(quotingPlain: plain) } == "\"\(plain)\"")
            for position in 0...length {
                for odd in ["\"", "\\", "\n", "\u{0}", "\u{1f}", "\u{7f}", "\u{9b}", "\u{a9}"] {
                    let spoilt = text(scalars[..<position]) + odd + text(scalars[position..<length])
                    var buffer = RecordBuffer(capacity: 1)
                    let isPlain = buffer.append(quotingPlain: spoilt)
                    #expect(!isPlain, "\(spoilt)")
                    #expect(buffer.text.isEmpty)
                }
            }
        }
    }

    /// Bytes beside those that need an escape.
    @Test(arguments: [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7e] as [UInt8])
    func neighboursArePlain(byte: UInt8) {
        let text = String(repeating: String(UnicodeScalar(byte)), count: 11)
        #expect(written { _ = $0.append(quotingPlain: text) } == "\"\(text)\"")
    }

    @Test func growsWithoutLosingAnything() {
        var buffer = RecordBuffer(capacity: 3)
        var expected = ""
        for value in UInt64(0)..<5_000 {
            buffer.append(decimal: value &* value)
            buffer.append(UInt8(ascii: " "))
            expected += "\(value * value) "
        }
        #expect(buffer.text == expected)
        let count = buffer.count
        #expect(count == expected.utf8.count)
        buffer.removeAll()
        #expect(buffer.text.isEmpty)
        buffer.append(UInt8(ascii: "x"))
        #expect(buffer.text == "x")
    }
}
