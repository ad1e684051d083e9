interface DemoWords {
  readonly title: string;
  readonly demo: string;
  readonly choose: string;
  readonly refused: string;
}

const en: DemoWords = {
  title: "Sign in",
  demo: "This is a demonstration. The company, these customers and their accounts are made up, so there is no password: choose whom you want to be.",
  choose: "Sign in as {name}",
  refused: "That did not come from this page. Please choose again.",
};

const byLanguage: Readonly<Record<string, DemoWords>> = {
  en,
  sv: {
    title: "Logga in",
    demo: "Det här är en demonstration. Företaget, kunderna och deras konton är påhittade, så det finns inget lösenord: välj vem du vill vara.",
    choose: "Logga in som {name}",
    refused: "Det kom inte från den här sidan. Välj igen.",
  },
  de: {
    title: "Anmelden",
    demo: "Dies ist eine Vorführung. Das Unternehmen, diese Kunden und ihre Konten sind erfunden, deshalb gibt es kein Passwort: Wählen Sie, wer Sie sein möchten.",
    choose: "Als {name} anmelden",
    refused: "Das kam nicht von dieser Seite. Bitte wählen Sie noch einmal.",
  },
  es: {
    title: "Iniciar sesión",
    demo: "Esto es una demostración. La empresa, estos clientes y sus cuentas son inventados, así que no hay contraseña: elige quién quieres ser.",
    choose: "Entrar como {name}",
    refused: "Eso no venía de esta página. Elige otra vez.",
  },
  ar: {
    title: "تسجيل الدخول",
    demo: "هذا عرض تجريبي. الشركة وهؤلاء العملاء وحساباتهم من نسج الخيال، ولذلك لا توجد كلمة مرور: اختر من تريد أن تكون.",
    choose: "الدخول باسم {name}",
    refused: "لم يأتِ ذلك من هذه الصفحة. اختر مرة أخرى من فضلك.",
  },
};

/** The words of a language; English where we have none. */
export function demoWords(locale: string): DemoWords & { story(of: Readonly<Record<string, string>>): string } {
  return { ...(byLanguage[locale] ?? en), story: (of) => of[locale] ?? of.en ?? "" };
}
